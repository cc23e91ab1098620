"""`skillctl jobs`: its commands, each in a file of its own kind."""

import typer

from skillctl.cli.jobs_look import dead, list_jobs, show
from skillctl.cli.jobs_stats import stats
from skillctl.cli.jobs_tend import cancel, prune, retry
from skillctl.cli.jobs_work import work

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("work")(work)
app.command("list")(list_jobs)
app.command("show")(show)
app.command("retry")(retry)
app.command("cancel")(cancel)
app.command("dead")(dead)
app.command("stats")(stats)
app.command("prune")(prune)
