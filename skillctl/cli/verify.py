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
from skillctl.workflows.verify_approvals import Checked, Verified, verify_approvals

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A skill; by default all.")] = None,
    approvals: Annotated[bool, typer.Option("--approvals", help="Every approval that HEAD holds.")] = False,
    ledger: Annotated[bool, typer.Option("--ledger", help="The ledger of production, from its first row on.")] = False,
    head: Annotated[
        str | None, typer.Option("--head", metavar="HEAD", help="Of the ledger, as a notice of a release said it.")
    ] = None,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Ask again what each approval says, offline; or whether the ledger of production is what was written."""
    if ledger and not approvals and name is None:
        return ledger_of(Wiring(context.obj), env, head, format)
    if ledger or head is not None:
        raise UsageError("`--ledger` is asked alone, `--head` only with it", hint="run `skillctl verify --ledger`")
    if not approvals:
        hint = "run `skillctl verify --approvals`"
        raise UsageError("`verify` needs `--approvals` or `--ledger`", hint=hint)
    wired = Wiring(context.obj)
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
