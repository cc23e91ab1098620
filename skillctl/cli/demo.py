"""`skillctl demo`."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl import settings
from skillctl.cli import draw
from skillctl.cli.result import Result
from skillctl.cli.stage import Stage, Unexpected, stage

if TYPE_CHECKING:
    from rich.console import Console

SKILL = "finance-ssc"
RETIRED = "bi-architect"
SCRIPT = f"skills/{SKILL}/scripts/withholding.py"


def run(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder, and say how to go on by hand.")] = False,
) -> Result:
    """Take a skill from draft to production and back, with real parts, in a folder of its own."""
    import shutil
    import time

    begun = time.monotonic()
    screen = draw.console()
    folder = Path(tempfile.mkdtemp(prefix="skillctl-demo-"))
    try:
        with stage(folder, colour=screen.is_terminal, width=min(screen.width, 100)) as play:
            for number, (title, act) in enumerate(ACTS, start=1):
                draw.blank(screen)
                draw.line(screen, f"{number}. {title}", "bold")
                act(play)
            commands = play.commands
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    seconds = time.monotonic() - begun
    draw.blank(screen)
    draw.line(screen, f"All {len(ACTS)} steps did what they say: {commands} commands, {seconds:.0f} s", "bold green")
    if keep:
        _how_to_go_on(screen, folder)
    return Result()


def _begin(play: Stage) -> None:
    play.skillctl("db", "push", shows=["applied"])
    play.skillctl("sync", "--rebuild", shows=["nothing to change"])


def _validate(play: Stage) -> None:
    play.skillctl("validate", shows=["6 skills: no findings"])


def _evaluate(play: Stage) -> None:
    for name in (SKILL, RETIRED):
        play.skillctl("promote", name, shows=["draft -> candidate"])
    play.skillctl("eval", SKILL, RETIRED, shows=[f"{SKILL}@1.0.0", ": passed"])


def _refuse(play: Stage) -> None:
    script = play.repository / SCRIPT
    script.write_bytes(script.read_bytes() + b"\n")
    play.git("commit", "--all", "--quiet", "-m", "Change one byte of a script")
    play.skillctl("promote", SKILL, expect=1, shows=["stale-skill"])
    play.git("revert", "--no-edit", "--no-commit", "HEAD")
    play.git("commit", "--quiet", "-m", "Put the byte back")


def _promote(play: Stage) -> None:
    for name in (SKILL, RETIRED):
        play.skillctl("promote", name, shows=["candidate -> approved", "on evidence"])


def _log(play: Stage) -> None:
    play.git("log", "-1", "--format=%h %an: %B", "--stat", shows=[f"Skill: {RETIRED}@1.0.0", "Evidence: sha256:"])


def _load(play: Stage) -> None:
    play.skillctl("load", shows=["2 approved, 4 draft"])


def _plan(play: Stage) -> None:
    play.skillctl("plan", shows=["2 to change, 0 blocked"])


def _sync(play: Stage) -> None:
    play.skillctl("sync", shows=["released", "queued mattermost and n8n"])


def _sync_again(play: Stage) -> None:
    play.skillctl("sync", shows=["nothing to change"])
    _expect(len(play.ask("jobs", "list")["jobs"]) == 2, "the second sync queued something")


def _notices(play: Stage) -> None:
    play.skillctl("jobs", "work", "--drain", shows=["delivered notice", "delivered rollout"])
    _show_arrived(play, 1)


def _revise(play: Stage) -> None:
    play.skillctl("revise", SKILL, shows=["1.1.0 is open as draft", "1.0.0 keeps serving"])
    play.skillctl("sync", shows=["nothing to change", "1.1.0 is in work"])


def _deprecate(play: Stage) -> None:
    reason = "datasets are checked in the pipeline now"
    play.skillctl("deprecate", RETIRED, "--reason", reason, "--sunset", "2027-06-30", shows=["deprecated"])
    play.skillctl("sync", shows=["released", "deprecate"])
    play.skillctl("jobs", "work", "--drain", shows=["delivered notice", "delivered rollout"])
    _show_arrived(play, 2)


def _agents(play: Stage) -> None:
    play.skillctl("list", "--env", "prod", shows=[SKILL])
    listed = [skill["name"] for skill in play.ask("list", "--env", "prod")["skills"]]
    _expect(listed == [SKILL], f"agents see {listed}, not only {SKILL}")
    play.skillctl("show", RETIRED, "--env", "prod", shows=["deprecated", "2027-06-30"])


def _show_arrived(play: Stage, count: int) -> None:
    """The newest body that each destination received, as it came."""
    for name, bodies in play.arrived.items():
        _expect(len(bodies) == count, f"{name} received {len(bodies)} messages, not {count}")
        words = _worded(name, bodies[-1])
        sys.stdout.write(
            f"\n  {name} received:\n" + "".join(f"  | {draw.plain(line)}\n" for line in words.splitlines())
        )
    sys.stdout.flush()


def _worded(name: str, body: dict[str, Any]) -> str:
    if name == "mattermost":
        attachment = body["attachments"][0]
        return f"{body['text']}\n{attachment['text']}\n{attachment['footer']}"
    changes = [f"{change['skill']}@{change['version']} {change['action']}" for change in body["data"]["changes"]]
    return f"{body['type']}, release {body['data']['release']}\n" + "\n".join(changes)


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise Unexpected(otherwise)


def _how_to_go_on(screen: "Console", folder: Path) -> None:
    draw.blank(screen)
    draw.line(screen, "The folder is kept. Start its production in one terminal:")
    draw.blank(screen)
    draw.line(screen, f"  skillctl db serve {folder}/production")
    draw.blank(screen)
    draw.line(screen, "and go on in another, with the variable that it prints:")
    draw.blank(screen)
    for words in (f"cd {folder}/repository", "skillctl list", f"skillctl history {SKILL}", "skillctl plan"):
        draw.line(screen, f"  {words}")
    if settings.is_scripted():
        return
    draw.blank(screen)
    draw.line(screen, f"Remove it with `rm -r {folder}`", "dim")


ACTS = (
    ("Production begins: a database, filled from Git, which has nothing approved yet", _begin),
    ("Every problem of every skill, in one run", _validate),
    ("A candidate is measured; the verdict is bound to its exact bytes", _evaluate),
    ("One byte changes: the promotion is refused, and says why", _refuse),
    ("The byte is back: the same evidence proves it, and the promotion passes", _promote),
    ("The promotion is a commit; its trailers name the proof", _log),
    ("Developers load everything, whatever its status, into SQLite", _load),
    ("Production is behind; the plan says by how much", _plan),
    ("One transaction makes the release true, with the jobs that tell of it", _sync),
    ("The second sync is empty", _sync_again),
    ("Both notices, as they were delivered", _notices),
    ("A new version is opened; what is served is not touched", _revise),
    ("A version is deprecated: kept for those who use it, hidden from the others", _deprecate),
    ("What an agent sees now", _agents),
)
