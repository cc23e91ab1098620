"""Options that several commands share, spelled once."""

from typing import Annotated

import typer

from skillctl.cli.result import Format, Report

FormatOption = Annotated[Format, typer.Option("--format", help="Text for people, or one JSON envelope.")]
ReportOption = Annotated[
    Report, typer.Option("--format", help="Text for people, one JSON envelope, or a report for another tool.")
]
EnvironmentOption = Annotated[str, typer.Option("--env", help="An environment of `skillctl.yaml`.")]
RevisionArgument = Annotated[str, typer.Argument(metavar="[REVISION]", help="The commit to release.")]
SkillArgument = Annotated[str, typer.Argument(metavar="NAME", help="A skill, by its name.")]
