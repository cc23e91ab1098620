"""`skillctl approve`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.quorum import Quorum
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.workflows.approve import Approved, Hand, Unapproved, approve, approve_suite

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: SkillArgument,
    version: Annotated[str | None, typer.Option("--version", help="By default the working one.")] = None,
    suite: Annotated[
        bool, typer.Option("--suite", help="Sign the suite, which may then be weaker than before.")
    ] = False,
    sign: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Your SSH key; by default Git's own.")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--as", metavar="PERSON", help="Who you are, where a key is of several people.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit your signature over what is to be approved, as HEAD has it."""
    if suite and version is not None:
        raise UsageError("`--suite` goes without `--version`: a suite has none", hint="leave one of them out")
    wired = Wiring(context.obj)
    signatures = wired.hand(sign)
    hand = Hand(signatures.sign, signatures, person)
    if suite:
        answer = approve_suite(wired.repository(), hand, name, today=wired.today())
    else:
        answer = approve(wired.repository(), hand, name, version, today=wired.today())
    data: dict[str, Any] = {"skill": answer.skill, "version": answer.version, "suite": None, "person": None}
    if isinstance(answer, Unapproved):
        data |= {"commit": None, "quorum": None, "reasons": [to_builtins(reason) for reason in answer.reasons]}
        return Result(data, 1, (), lambda screen: _draw_refusal(screen, answer), format)
    data |= {"suite": answer.suite, "person": answer.person, "commit": answer.commit}
    data |= {"quorum": quorum_data(answer.quorum), "reasons": []}
    return Result(data, 0, (), lambda screen: _draw(screen, answer), format)


def quorum_data(reached: Quorum) -> dict[str, Any]:
    """A quorum for programs."""
    return {
        "needed": reached.needed,
        "counted": list(reached.counted),
        "refused": dict(reached.refused),
        "unknown_authors": list(reached.unknown),
        "able": list(reached.able),
        "growth": list(reached.growth),
        "reached": reached.is_reached,
    }


def _draw(screen: "Console", answer: Approved) -> None:
    what = f"the suite of {answer.skill}" if answer.suite else f"{answer.skill}@{answer.version}"
    if answer.commit is None:
        draw.line(screen, f"`{answer.person}` has approved {what} already")
    else:
        draw.line(screen, f"{what} is approved by `{answer.person}` (commit {answer.commit[:12]})", "green")
    draw.line(screen, answer.quorum.said())
    for reason in answer.quorum.reasons():
        if reason.code != "unapproved":
            draw.line(screen, f"  {reason.code}: {reason.message}: {reason.observed}")
        draw.line(screen, f"hint: {reason.hint}")


def _draw_refusal(screen: "Console", refusal: Unapproved) -> None:
    draw.line(screen, f"refused: {refusal.skill}@{refusal.version} is not approved", "red")
    for reason in refusal.reasons:
        draw.line(screen, f"  {reason.code}: {reason.message}")
        draw.line(screen, f"    observed {reason.observed}, required {reason.required}", "dim")
    for hint in dict.fromkeys(reason.hint for reason in refusal.reasons if reason.hint):
        draw.line(screen, f"hint: {hint}")
