"""Options that several commands share, spelled once."""

from pathlib import Path
from typing import Annotated

import typer

from skillctl.cli.result import EvalFormat, Format, Report

FormatOption = Annotated[Format, typer.Option("--format", help="Text for people, or one JSON envelope.")]
ReportOption = Annotated[
    Report, typer.Option("--format", help="Text for people, one JSON envelope, or a report for another tool.")
]
EvalFormatOption = Annotated[EvalFormat, typer.Option("--format", help="Text, one JSON envelope, or a report.")]
EnvironmentOption = Annotated[str, typer.Option("--env", help="An environment of `skillctl.yaml`.")]
RevisionArgument = Annotated[str, typer.Argument(metavar="[REVISION]", help="The commit to release.")]
SkillArgument = Annotated[str, typer.Argument(metavar="NAME", help="A skill, by its name.")]
RunnerOption = Annotated[
    str | None, typer.Option("--runner", metavar="ALIAS", help="Another runner for the `ask` cases.")
]
PageOption = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write a page (HTML) to look at.")]
TrustedOption = Annotated[
    str | None, typer.Option("--base", metavar="REV", help="Where runners, servers and recorders come from.")
]
BranchOption = Annotated[
    str | None,
    typer.Option(
        "--branch",
        metavar="BRANCH",
        help="Commit on this branch, made at HEAD where it is missing; folder, index and HEAD stay as they are.",
    ),
]
NoCommitOption = Annotated[bool, typer.Option("--no-commit", help="Only write the files, to be committed by yourself.")]
