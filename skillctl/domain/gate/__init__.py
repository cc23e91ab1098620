"""The gate: what a change of one skill may do to it, judged from the tree before and the tree after."""
