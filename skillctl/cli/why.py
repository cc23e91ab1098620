"""`skillctl why`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument, TrustedOption
from skillctl.cli.promote import goal
from skillctl.cli.result import Format, Result
from skillctl.domain.lifecycle import Status
from skillctl.domain.promotion import Check
from skillctl.wiring import Wiring
from skillctl.workflows.weigh import Proofs
from skillctl.workflows.why import Explained, why

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: SkillArgument,
    to: Annotated[
        Status | None,
        typer.Option(
            "--to", parser=goal, metavar="[candidate|approved|draft]", help="The status; by default the next one."
        ),
    ] = None,
    base: TrustedOption = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Each check of the step, observed against required, and the one next command; exit code 1 if one is not met."""
    wired = Wiring(context.obj)
    proofs = Proofs(wired.evidence(), wired.signatures(), wired.scripts().runner, base)
    found = why(wired.repository(), proofs, name, to, today=wired.today())
    data = {
        "skill": found.skill,
        "version": found.version,
        "from": found.source.value,
        "to": found.step.value if found.step else None,
        "serving": found.serving,
        "open": found.is_open,
        "checks": [_check(check) for check in found.checks],
        "next": found.next,
    }
    return Result(data, 0 if found.is_open else 1, (), lambda screen: _draw(screen, found), format)


def _check(check: Check) -> dict[str, Any]:
    return {
        "check": check.name,
        "ok": not check.reasons,
        "observed": check.observed,
        "required": check.required,
        "reasons": [to_builtins(reason) for reason in check.reasons],
    }


def _draw(screen: "Console", found: Explained) -> None:
    if found.step is None:
        draw.line(screen, f"{found.skill}@{found.version} is {found.source} already")
        draw.line(screen, f"{found.serving or 'nothing of it'} is served", "dim")
    else:
        draw.line(screen, f"{found.skill}@{found.version}: {found.source} -> {found.step}", "bold")
    for check in found.checks:
        if not check.reasons:
            draw.line(screen, f"  ✓ {check.name}: {check.observed} (required: {check.required})", "green")
        for reason in check.reasons:
            draw.line(screen, f"  ✗ {check.name}: {reason.message} ({reason.code})", "red")
            draw.line(screen, f"      observed {reason.observed}, required {reason.required}")
    if found.next:
        draw.line(screen, f"next: {found.next}")
