"""The doors for people and CI: one command, one file; each parses, calls one workflow, and returns a `Result`."""
