"""A judged change as a comment on a pull request: Markdown as GitHub reads it (https://github.github.com/gfm/).

Whatever somebody else wrote stands in a code span, where GitHub makes no link, mention, image or tag of it.
"""

from collections.abc import Iterator, Sequence

from skillctl.cli.formats.eval_markdown import MOST, code
from skillctl.domain.finding import Severity, errors_in
from skillctl.domain.gate.judged import GateReport, Judged

#: By this a workflow finds its own comment again, to write the next one in its place.
MARKER = "<!-- skillctl gate -->"
_FULL = "\nThe rest is left out: a comment has no room for more\n"
_SIGNS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️"}


def text(reports: Sequence[GateReport]) -> str:
    """A line for each skill that differs, then every finding with its next command; at most `MOST` characters."""
    is_open = all(report.is_open for report in reports)
    parts = [f"{MARKER}\n### skillctl gate: {'open ✅' if is_open else 'closed ❌'}\n"]
    room = MOST - len(_FULL) - len(parts[0])
    for part in (part for report in reports for part in _report(report)):
        if len(part) > room:
            return "".join([*parts, _FULL])
        room -= len(part)
        parts.append(part)
    return "".join(parts)


def _report(report: GateReport) -> Iterator[str]:
    yield f"\nFrom {code(report.base[:12])} to {code(report.head[:12])}\n\n"
    if not report.skills and not report.findings and not report.changes:
        yield "Nothing of any skill differs\n"
    # What stands in the way comes first, so what is left out of a long one matters least.
    for one in sorted(report.skills, key=lambda one: not errors_in(one.findings)):
        yield from _skill(one)
    for change in report.changes:
        yield f"- policy, {change.kind}: {code(f'{change.what}: {change.before} -> {change.after}')}\n"
    for finding in report.findings:
        yield f"- {_SIGNS[finding.severity]} `{finding.code}` {code(finding.message)}\n"


def _skill(one: Judged) -> Iterator[str]:
    sign = "❌" if errors_in(one.findings) else "✅"
    approved = f", {one.quorum.said().split(';')[0]}" if one.quorum and one.quorum.needed else ""
    yield f"- {sign} {code(one.name)} {code(one.step)}{approved}\n"
    for item in one.growth:
        yield f"  - asks for more: {code(item)}\n"
    for change in one.changes:
        yield f"  - {change.kind}: {code(f'{change.what}: {change.before} -> {change.after}')}\n"
    for finding in one.findings:
        hint = f" – {code(finding.hint)}" if finding.hint else ""
        place = code(f"{finding.file}:{finding.line}")
        yield f"  - {_SIGNS[finding.severity]} `{finding.code}` {place} {code(finding.message)}{hint}\n"
