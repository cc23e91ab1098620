"""SK303: the script that a case runs is a file of the skill."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.naming import nearest
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each case whose script is missing."""
    if subject.suite is None:
        return
    for path, case in subject.suite.cases:
        script = case.run.script if case.run is not None else None
        if script is not None and script not in subject.skill.files:
            near = nearest(script, subject.skill.files)
            message = f"case `{case.id}` runs `{script}`, which is not in `{subject.skill.folder}`"
            hint = f"did you mean `{near}`?" if near else None
            yield subject.suite.finding("SK303", message, (*path, "run", "script"), hint)


RULE = Rule(
    code="SK303",
    severity=Severity.ERROR,
    title="the script that a case runs is a file of the skill",
    why="The case would be errored at each run, so the suite is evidence for nothing.",
    bad="run: {script: scripts/ad.sh}",
    good="run: {script: scripts/add.sh}",
    check=check,
)
