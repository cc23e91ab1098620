"""The verbs: each reads through ports, asks the domain to decide, and carries the decision out."""
