"""skillctl takes an AI-agent skill from a draft in Git to production agents."""

__version__ = "0.1.0"
