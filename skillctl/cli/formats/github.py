"""Findings as annotations: what a GitHub workflow shows beside the changed lines.

Its commands: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Sequence

from skillctl.cli.draw import plain
from skillctl.domain.finding import Finding


def text(findings: Sequence[Finding]) -> str:
    """One workflow command a finding, each on one line: `::error file=F,line=1,col=2,title=SK203::message%0Ahint: h`.

    What a skill's author wrote cannot begin a second command: no line break is left in it, and no `::` in a property.
    """
    return "".join(f"{_command(finding)}\n" for finding in findings)


def _command(finding: Finding) -> str:
    places = {"file": finding.file, "line": str(finding.line), "col": str(finding.column), "title": finding.code}
    properties = ",".join(f"{key}={_property(plain(value))}" for key, value in places.items())
    hint = f"\nhint: {plain(finding.hint)}" if finding.hint else ""
    return f"::{finding.severity.value} {properties}::{_data(plain(finding.message) + hint)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
