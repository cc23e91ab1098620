"""`skillctl promote`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.lifecycle import Status
from skillctl.domain.naming import nearest
from skillctl.domain.promotion import Refusal, short
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.workflows.promote import Promoted, Proofs, promote

if TYPE_CHECKING:
    from rich.console import Console


#: What a promotion leads to, and the command that leads to each of the others.
_REACHED = (Status.CANDIDATE, Status.APPROVED)
_OTHERWISE = {Status.DRAFT.value: "revise", Status.DEPRECATED.value: "deprecate"}


def _goal(text: str) -> Status:
    """A status that a promotion leads to; UsageError for any other word."""
    if text in _REACHED:
        return Status(text)
    near = nearest(text, _REACHED)
    hint = f"did you mean `--to {near}`?" if near else "give `candidate` or `approved`, or leave `--to` out"
    if text in _OTHERWISE:
        hint = f"run `skillctl {_OTHERWISE[text]} NAME`"
    raise UsageError(f"`--to {text}` is not where a promotion leads", hint=hint)


def run(
    context: typer.Context,
    name: SkillArgument,
    to: Annotated[
        Status | None,
        typer.Option(
            "--to", parser=_goal, metavar="[candidate|approved]", help="The status to reach; by default the next one."
        ),
    ] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit the step, or say every reason against it."""
    wired = Wiring(context.obj)
    proofs = Proofs(wired.evidence(), wired.signatures(), wired.scripts().runner)
    answer = promote(wired.repository(), proofs, name, to, today=wired.today())
    if isinstance(answer, Refusal):
        data = {**_step(answer.skill, answer.version, answer.source, answer.target), "commit": None}
        data["reasons"] = [asdict(reason) for reason in answer.reasons]
        return Result(data, 1, (), lambda screen: _draw_refusal(screen, answer), format)
    made = answer.promotion
    data = {**_step(made.skill, made.version, made.source, made.target), "commit": answer.commit, "reasons": []}
    return Result(data, 0, (), lambda screen: _draw(screen, answer), format)


def _step(skill: str, version: str, source: Status, target: Status) -> dict[str, object]:
    return {"skill": skill, "version": version, "from": source.value, "to": target.value}


def _draw(screen: "Console", answer: Promoted) -> None:
    made = answer.promotion
    if answer.commit is None:
        draw.line(screen, f"{made.skill}@{made.version} is {made.target.value} already")
        return
    proof = f" on evidence {made.evidence.digest[:12]}" if made.evidence else ""
    draw.line(screen, f"{made.skill}@{made.version}: {made.source} -> {made.target}{proof}", "green")
    draw.line(screen, f"commit {answer.commit[:12]}, digest {short(made.digest)}", "dim")


def _draw_refusal(screen: "Console", refusal: Refusal) -> None:
    draw.line(screen, f"refused: {refusal.skill}@{refusal.version} cannot become {refusal.target}", "red")
    for reason in refusal.reasons:
        draw.line(screen, f"  {reason.code}: {reason.message}")
        draw.line(screen, f"    observed {reason.observed}, required {reason.required}", "dim")
    hints = dict.fromkeys(reason.hint for reason in refusal.reasons if reason.hint)
    for hint in hints:
        draw.line(screen, f"hint: {hint}")
