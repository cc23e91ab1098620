"""`exit_code`: how the script ended."""

from skillctl.domain.checks.produced import Produced, shown


def failure(expected: int, produced: Produced) -> str | None:
    """Why the exit code is not the expected one, with what the script said on standard error."""
    if produced.exit_code == expected:
        return None
    said = produced.stderr.strip()
    return f"exit code {produced.exit_code}, expected {expected}" + (f": {shown(said)}" if said else "")
