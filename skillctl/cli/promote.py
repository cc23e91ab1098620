"""`skillctl promote`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.deprecate import retirement_of
from skillctl.cli.options import BranchOption, FormatOption, NoCommitOption, TrustedOption
from skillctl.cli.result import Format, Result
from skillctl.domain.lifecycle import Status
from skillctl.domain.naming import nearest
from skillctl.domain.promotion import Promotion, Reason, Refusal, short
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.workflows.landing import Landing
from skillctl.workflows.promote import Automatic, Promoted, promote, promote_all
from skillctl.workflows.weigh import Proofs, Wish

if TYPE_CHECKING:
    from rich.console import Console


#: What a promotion leads to, and back to, and the command that leads to the other one.
REACHED = (Status.DRAFT, Status.CANDIDATE, Status.APPROVED)


def goal(text: str) -> Status:
    """A status that a promotion leads to; UsageError for any other word."""
    if text in REACHED:
        return Status(text)
    near = nearest(text, REACHED)
    hint = f"did you mean `--to {near}`?" if near else "give `candidate` or `approved`, or leave `--to` out"
    if text == Status.DEPRECATED:
        hint = "run `skillctl deprecate NAME --reason …`"
    raise UsageError(f"`--to {text}` is not where a promotion leads", hint=hint)


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A skill, by its name.")] = None,
    to: Annotated[
        Status | None,
        typer.Option(
            "--to",
            parser=goal,
            metavar="[candidate|approved|draft]",
            help="The status to reach; by default the next one. `draft` takes a candidate back for rework.",
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="With `--to approved`: why a deprecated version is reinstated.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="With `--reason`: the version, by default the one of the folder.")
    ] = None,
    auto: Annotated[
        bool,
        typer.Option(
            "--auto",
            help="Approve each candidate that `auto_promote` names, in one commit. Those without evidence of what they "
            "are now wait; exit code 1 only if one is refused for another reason.",
        ),
    ] = False,
    branch: BranchOption = None,
    no_commit: NoCommitOption = False,
    base: TrustedOption = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit the step, or say every reason against it; on a detached HEAD only `--branch` leaves it on a branch."""
    wish = Wish(to, reason, version, Landing(branch, not no_commit))
    _refuse(name, wish, auto)
    wired = Wiring(context.obj)
    proofs = Proofs(wired.evidence(), wired.signatures(), wired.scripts().runner, base)
    if name is None:
        return _result_of_all(promote_all(wired.repository(), proofs, wish.landing, today=wired.today()), format)
    answer = promote(wired.repository(), proofs, name, wish, today=wired.today())
    if isinstance(answer, Refusal):
        return Result(_refusal(answer), 1, (), lambda screen: _draw_refusal(screen, answer), format)
    data = {**_step(answer.promotion), **to_builtins(answer.landed), "reasons": []}
    return Result(data, 0, (), lambda screen: _draw(screen, answer), format)


def _refuse(name: str | None, wish: Wish, auto: bool) -> None:
    """UsageError for options that cannot be meant together."""
    if auto and (name is not None or (wish.target, wish.reason, wish.version) != (None, None, None)):
        raise UsageError("`--auto` takes its skills from `auto_promote`", hint="give no NAME, `--to` or `--reason`")
    if name is None and not auto:
        raise UsageError("missing argument NAME", hint="name a skill, or give `--auto`")
    if wish.reason is not None:
        retirement_of("promote", wish.reason)
    if wish.reason is not None and wish.target not in (None, Status.APPROVED):
        hint = "leave it out, or give `--to approved`"
        raise UsageError("`--reason` is for reinstating a deprecated version", hint=hint)
    if wish.version is not None and wish.reason is None:
        hint = f"run `skillctl promote {name} --to approved --version {wish.version} --reason …`"
        raise UsageError("`--version` is for reinstating a deprecated version, and there is no `--reason`", hint=hint)


def _result_of_all(done: Automatic, format: Format) -> Result:
    data = {
        **to_builtins(done.landed),
        "promoted": [_step(step) for step in done.promoted],
        "waiting": [_refusal(one) for one in done.waiting],
        "refused": [_refusal(one) for one in done.refused],
    }
    return Result(data, 1 if done.refused else 0, (), lambda screen: _draw_all(screen, done), format)


def _step(step: Promotion | Refusal) -> dict[str, object]:
    return {"skill": step.skill, "version": step.version, "from": step.source.value, "to": step.target.value}


def _refusal(refusal: Refusal) -> dict[str, object]:
    return {**_step(refusal), "commit": None, "reasons": [to_builtins(reason) for reason in refusal.reasons]}


def _draw(screen: "Console", answer: Promoted) -> None:
    made = answer.promotion
    if not answer.landed.is_new:
        draw.line(screen, f"{made.skill}@{made.version} is {made.target.value} already")
        return
    _draw_step(screen, made)
    draw.line(screen, f"{draw.landed(answer.landed)}, digest {short(made.digest)}", "dim")


def _draw_step(screen: "Console", made: Promotion) -> None:
    proof = f" on evidence {made.evidence.digest[:12]}" if made.evidence else ""
    draw.line(screen, f"{made.skill}@{made.version}: {made.source} -> {made.target}{proof}", "green")


def _draw_all(screen: "Console", done: Automatic) -> None:
    for step in done.promoted:
        _draw_step(screen, step)
    if done.landed.is_new:
        draw.line(screen, draw.landed(done.landed), "dim")
    elif done.promoted:
        draw.line(screen, "it was there already; nothing was changed", "dim")
    for waiting in done.waiting:
        draw.line(screen, f"waiting: {waiting.skill}@{waiting.version}", "yellow")
        _draw_reasons(screen, waiting.reasons)
    for refusal in done.refused:
        _draw_refusal(screen, refusal)
    if not (done.promoted or done.waiting or done.refused):
        draw.line(screen, "no skill of `auto_promote` is a candidate")


def _draw_refusal(screen: "Console", refusal: Refusal) -> None:
    draw.line(screen, f"refused: {refusal.skill}@{refusal.version} cannot become {refusal.target}", "red")
    _draw_reasons(screen, refusal.reasons)


def _draw_reasons(screen: "Console", reasons: Sequence[Reason]) -> None:
    for reason in reasons:
        draw.line(screen, f"  {reason.code}: {reason.message}")
        draw.line(screen, f"    observed {reason.observed}, required {reason.required}", "dim")
    for hint in dict.fromkeys(reason.hint for reason in reasons if reason.hint):
        draw.line(screen, f"hint: {hint}")
