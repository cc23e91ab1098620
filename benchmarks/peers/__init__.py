"""The same cases as other engines run them: programs for the Pythons of `engines`, where nothing of ours is installed.

Each takes a folder with `cases.json`, writes its report there, and counts what passed from its own report.
"""
