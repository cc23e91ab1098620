"""The command line: finds the command, loads only its file, and is the one boundary where errors end."""

import contextlib
import gc
import io
import os
import sys
from collections.abc import Sequence
from errno import EPIPE
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO, TypeGuard

from skillctl import __version__
from skillctl.cli.commands import COMMANDS, GROUPS

if TYPE_CHECKING:
    import typer
    from rich.console import Console

    from skillctl.cli.result import Result
    from skillctl.errors import SkillctlError, Unreachable

#: Options of `skillctl` itself that are followed by a value.
_VALUED = frozenset({"-C", "--directory"})


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    if argv == ["--version"]:
        # Asked by scripts all the time, and answered without loading anything.
        sys.stdout.write(f"skillctl {__version__}\n")
        sys.exit(0)
    _make_streams_hold_anything()
    from skillctl import settings

    settings.without_plugins()
    # A command lives for a moment: looking for circles among a hundred thousand values again and again is in vain.
    gc.set_threshold(1_000_000, 50, 50)
    if arguments is None:
        # Where it is installed, what speaks HTTP loads it: a tenth of a second, for what nobody uses here.
        sys.modules.setdefault("trio", None)  # type: ignore[arg-type]
    try:
        code = _run(argv)
    except KeyboardInterrupt:
        code = 130
    if arguments is None:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """End the process at once: all is written, and Python would give its memory back value by value."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _run(argv: list[str]) -> int:
    import typer

    from skillctl.errors import SkillctlError, UsageError

    argv = _joined(argv)
    name = _command_in(argv)
    try:
        answer = _app(name)(argv, prog_name="skillctl", standalone_mode=False)
        code, text = (answer.exit_code, _worded(name, answer)) if _is_result(answer) else (answer or 0, "")
    except SkillctlError as problem:
        return _failed(name, argv, problem)
    except typer.TyperException as problem:
        if type(problem).__name__ == "NoArgsIsHelpError":
            return _printed(sys.stdout, problem.format_message() + "\n", 2)
        hint = f"run `skillctl {name} --help`" if name in COMMANDS else "run `skillctl --help`"
        return _failed(name, argv, UsageError(_sentence(problem.format_message()), hint=hint))
    except typer.Abort:
        return 130
    except SystemExit:
        # How typer ends on a closed pipe, whatever was asked.
        if sys.__stdout__ is not None:
            _mute(sys.__stdout__)
        return 0 if "--help" in argv else _failed(name, argv, _unreachable(BrokenPipeError(EPIPE, "broken pipe")))
    except OSError as problem:
        return _failed(name, argv, _unreachable(problem))
    except Exception:
        return _bug(name, argv)
    return _printed(sys.stdout, text, code)


def _app(name: str | None) -> "typer.Typer":
    """The whole command line, of which only the one command that is run is loaded from its file."""
    import typer

    app = typer.Typer(
        help="Takes an AI-agent skill from a draft in Git to production agents, and lets nothing through unproved.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root(
        context: typer.Context,
        directory: Annotated[Path, typer.Option("-C", "--directory", help="Work on this folder.")] = Path(),
        _version: Annotated[
            bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
        ] = False,
    ) -> None:
        context.obj = directory

    for command, help_line in COMMANDS.items():
        if command in GROUPS:
            group = import_module(f"skillctl.cli.{command}").app if command == name else _stub_group()
            app.add_typer(group, name=command, help=help_line)
        else:
            function = import_module(_file_of(command)).run if command == name else _stub
            app.command(command, help=help_line)(function)
    return app


def _print_version(wanted: bool) -> None:
    import typer

    if wanted:
        print(f"skillctl {__version__}")  # noqa: T201
        raise typer.Exit


def _stub() -> None:
    """Stands for a command that is not the one being run."""


def _stub_group() -> "typer.Typer":
    import typer

    group = typer.Typer()
    group.command("none")(_stub)
    group.command("nothing")(_stub)
    return group


def _file_of(command: str) -> str:
    return f"skillctl.cli.{command.replace(' ', '_')}"


def _joined(argv: list[str]) -> list[str]:
    """The words of the command line with a command of two words as one."""
    for index, pair in enumerate(pairwise(argv)):
        if " ".join(pair) in COMMANDS and _command_in(argv[: index + 1]) == pair[0]:
            return [*argv[:index], " ".join(pair), *argv[index + 2 :]]
    return argv


def _command_in(argv: Sequence[str]) -> str | None:
    """The first word that is neither an option nor an option's value."""
    words = iter(argv)
    for word in words:
        if word in _VALUED:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _wants_json(argv: Sequence[str]) -> bool:
    return "--format=json" in argv or ("--format", "json") in pairwise(argv)


def _is_result(answer: object) -> TypeGuard["Result"]:
    from skillctl.cli.result import Result

    return isinstance(answer, Result)


def _worded(name: str | None, result: "Result") -> str:
    from skillctl.cli import draw
    from skillctl.cli.result import Format, envelope

    if result.report is not None:
        return result.report()
    if result.format == Format.JSON:
        return envelope(name or "", result.exit_code, result.findings, result.data, None) + "\n"
    return draw.rendered(result.text)


def _failed(name: str | None, argv: Sequence[str], problem: "SkillctlError") -> int:
    from skillctl.cli import draw
    from skillctl.cli.result import envelope
    from skillctl.errors import StoreRefused

    if _wants_json(argv):
        kind = problem.name if isinstance(problem, StoreRefused) else type(problem).__name__
        error = {"kind": kind, "message": problem.message, "hint": problem.hint}
        return _printed(sys.stdout, envelope(name or "", problem.exit_code, (), {}, error) + "\n", problem.exit_code)
    word = "refused" if isinstance(problem, StoreRefused) else "error"

    def show(screen: "Console") -> None:
        draw.line(screen, f"{word}: {problem.message}", "red")
        if problem.hint:
            draw.blank(screen)
            draw.line(screen, f"hint: {problem.hint}")

    return _printed(sys.stderr, draw.rendered(show, stderr=True), problem.exit_code)


def _unreachable(problem: OSError) -> "Unreachable":
    """What the system refused, as one message: no defect of ours."""
    import traceback

    from skillctl import settings
    from skillctl.errors import Unreachable

    if settings.debugging():
        traceback.print_exception(problem)
    words = problem.strerror or str(problem) or type(problem).__name__
    where = "" if problem.filename is None else f"`{problem.filename}`: "
    hint = "set `SKILLCTL_DEBUG=1` to see where"
    if isinstance(problem, PermissionError):
        hint = "check who owns it (`ls -l`), or run as another user"
    return Unreachable(f"{where}{words[:1].lower()}{words[1:]}", hint=hint)


def _printed(stream: TextIO, text: str, code: int) -> int:
    """Write an answer and say the exit code: a reader who has seen enough changes no answer, a full disk does."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _mute(stream)
    except OSError as problem:
        _mute(stream)
        if stream is not sys.stderr:
            words = f"error: the answer could not be written: {(problem.strerror or str(problem)).lower()}\n"
            return _printed(sys.stderr, words, 3)
    return code


def _mute(stream: TextIO) -> None:
    # Python writes what is left in the stream when it ends, and would complain about the same thing again.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _make_streams_hold_anything() -> None:
    """Characters that a stream's encoding has not are written as escapes; a closed stream swallows."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _bug(name: str | None, argv: Sequence[str]) -> int:
    """A defect of ours: the trace goes to a file, and the person gets one message."""
    import tempfile
    import traceback

    from skillctl import settings
    from skillctl.errors import Bug

    trace = traceback.format_exc()
    with tempfile.NamedTemporaryFile("w", prefix="skillctl-bug-", suffix=".log", delete=False) as log:
        log.write(f"skillctl {__version__} {name}\n\n{trace}")
    if settings.debugging():
        sys.stderr.write(trace)
    last = trace.strip().splitlines()[-1]
    bug = Bug(f"this is a bug in `skillctl`: {last[:200]}", hint=f"report it with the log `{log.name}`")
    return _failed(name, argv, bug)


def _sentence(message: str) -> str:
    text = " ".join(message.split()).rstrip(".")
    return text[:1].lower() + text[1:]
