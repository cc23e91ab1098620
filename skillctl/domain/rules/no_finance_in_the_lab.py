"""SK206: finance and SSC skills never target the lab, which is never the source of truth for financials."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.skill import Instance

_FINANCIAL = frozenset({"finance", "ssc"})


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where a financial skill is routed to the lab."""
    definition = subject.skill.definition
    if definition.routing is None or definition.routing.target is not Instance.LAB:
        return
    if not _FINANCIAL.isdisjoint(definition.tags):
        message = "a finance or SSC skill is routed to the lab, which is never the truth for financials"
        yield subject.finding("SK206", message, ("routing", "target"), "write `target: odoo_erp`")


RULE = Rule(
    code="SK206",
    severity=Severity.ERROR,
    title="finance and SSC skills never target the lab",
    why=(
        "The lab is for experiments and migrations. A figure read there, or posted there, is not the truth about "
        "anybody's money."
    ),
    bad="routing: {target: odoo_lab}",
    good="routing: {target: odoo_erp}",
    check=check,
)
