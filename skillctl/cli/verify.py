"""`skillctl verify`."""

from typing import TYPE_CHECKING, Annotated

import typer

from skillctl.cli import draw
from skillctl.cli.approve import quorum_data
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.cli.verify_ledger import ledger_of
from skillctl.domain.promotion import short
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.releasing import origin, releasing
from skillctl.workflows.verify_approvals import Checked, Verified, verify_approvals
from skillctl.workflows.verify_production import VerifiedProduction, verify_production

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A skill, with `--approvals`.")] = None,
    approvals: Annotated[bool, typer.Option("--approvals", help="Every approval that HEAD holds, offline.")] = False,
    ledger: Annotated[bool, typer.Option("--ledger", help="The ledger of production, from its first row on.")] = False,
    head: Annotated[
        str | None, typer.Option("--head", metavar="HEAD", help="Of the ledger, as a notice of a release said it.")
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option("--commit", metavar="REV", help="What production is compared with.  [default: its own]"),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Put right what can be: what is missing, served, or said.")
    ] = False,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Compare production with a commit, field by field and byte by byte; or check the ledger, or every approval."""
    if (approvals and ledger) or ((approvals or ledger) and (fix or commit)) or (head and not ledger):
        message = "`--approvals` and `--ledger` are asked alone, `--head` only with `--ledger`"
        raise UsageError(
            message, hint="run `skillctl verify`, `skillctl verify --ledger` or `skillctl verify --approvals`"
        )
    if not approvals and name is not None:
        raise UsageError("production is compared as a whole", hint=f"run `skillctl verify --approvals {name}`")
    if ledger:
        return ledger_of(Wiring(context.obj), env, head, format)
    if approvals:
        return _approvals(Wiring(context.obj), name, format)
    return _production(Wiring(context.obj), commit, fix, env, format)


def _production(wired: Wiring, commit: str | None, fix: bool, env: str, format: Format) -> Result:
    with releasing(wired, env) as (court, production):
        done = verify_production(court, production, commit, origin(wired, env) if fix else None)
    data = {"commit": done.commit, "skills": done.skills, "versions": done.versions, "repaired": done.repaired}
    return Result(data, 1 if done.findings else 0, done.findings, lambda screen: _draw_production(screen, done), format)


def _draw_production(screen: "Console", done: VerifiedProduction) -> None:
    draw.findings(screen, done.findings)
    if done.repaired:
        draw.line(screen, f"put right by release {done.repaired}", "green")
    what = f"{done.versions:,} {'version' if done.versions == 1 else 'versions'} of {done.skills:,}"
    what += f" {'skill' if done.skills == 1 else 'skills'}"
    if done.findings:
        draw.line(screen, f"{what}: not what commit {done.commit[:12]} says", "red")
    else:
        draw.line(screen, f"{what}: production holds what commit {done.commit[:12]} says", "green")


def _approvals(wired: Wiring, name: str | None, format: Format) -> Result:
    """Ask again, offline, what each approval says: its bytes, its evidence, its signatures and its quorum."""
    checked = verify_approvals(wired.repository(), wired.signatures(), name, wired.side())
    findings = [*checked.findings, *(finding for one in checked.approvals for finding in one.findings)]
    findings.sort(key=lambda finding: finding.order)
    data = {"commit": checked.commit, "approvals": [_data(one) for one in checked.approvals]}
    return Result(data, 1 if findings else 0, findings, lambda screen: _draw(screen, checked), format)


def _data(one: Verified) -> dict[str, object]:
    return {
        "skill": one.skill,
        "version": one.version,
        "digest": one.digest,
        "signed_by": list(one.signers),
        "quorum": quorum_data(one.quorum) if one.quorum else None,
        "ok": not one.findings,
    }


def _draw(screen: "Console", checked: Checked) -> None:
    cells = [
        (
            f"{one.skill}@{one.version}",
            short(one.digest),
            ", ".join(one.signers) or "-",
            f"{len(one.quorum.counted)} of {one.quorum.needed}" if one.quorum else "-",
            "no" if one.findings else "yes",
        )
        for one in checked.approvals
    ]
    if cells:
        draw.table(screen, ("approval", "digest", "signed by", "quorum", "holds"), cells)
    findings = [*checked.findings, *(finding for one in checked.approvals for finding in one.findings)]
    draw.findings(screen, sorted(findings, key=lambda finding: finding.order))
    bad = sum(bool(one.findings) for one in checked.approvals)
    count = f"{len(cells):,} {'approval' if len(cells) == 1 else 'approvals'} in {checked.commit[:12]}"
    words = f"{count}: {bad} without what it takes" if bad else f"{count}: all hold"
    draw.line(screen, words, "red" if findings else "green")
