"""What an evaluation is wired of: runners by alias, MCP servers, books and the executor."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from skillctl import settings
from skillctl.domain import cassette
from skillctl.domain.arm import Arm
from skillctl.domain.budget import NO_LIMITS, Limits
from skillctl.domain.runner import GATEWAY, Runner
from skillctl.domain.tree import FOLDERS
from skillctl.errors import Unreachable, UsageError
from skillctl.wiring import TOOL, Wiring
from skillctl.workflows.evaluate import Books
from skillctl.workflows.ground import Ground, ground_of
from skillctl.workflows.read import Contents, read
from skillctl.workflows.record import Recorded
from skillctl.workflows.sides import situation_of
from skillctl.workflows.trials import Instruments, Task, take
from skillctl.workflows.trust import Choice

if TYPE_CHECKING:
    from concurrent.futures import Future

    from skillctl.adapters.git_tree import GitTree
    from skillctl.adapters.runners.tape import Answering, Recording
    from skillctl.adapters.threads import Threads
    from skillctl.domain.checks import Produced
    from skillctl.domain.trial import Trial
    from skillctl.workflows.eval_ports import Answers
    from skillctl.workflows.ports import Tree

#: What every program that the policy names is given of the environment.
_OF_PROGRAMS = ("PATH", "HOME", "LANG", "TMPDIR")


class Means(Struct, frozen=True):
    """What an evaluation may use: pieces of work at a time, seconds for all of it, and what it may spend."""

    concurrency: int
    timeout: float | None = None
    limits: Limits = NO_LIMITS


class Laboratory:
    """Everything that evaluations of one command share; leaving it ends what it started."""

    def __init__(
        self, wired: Wiring, means: Means, choice: "Callable[[str], Choice]", begun: "Future[GitTree] | None" = None
    ) -> None:
        """`begun` is the folder as it is already being read."""
        from skillctl.adapters.runners.bounded import Purse

        self._wired, self._means = wired, means
        self.repository, self.clock, self.scripts = wired.repository(), wired.clock(), wired.scripts()
        self.signatures = wired.signatures(None)
        self.purse = Purse(means.limits)
        self._choice = choice(self.scripts.runner)
        self._begun = self.clock.seconds()
        self._open = ExitStack()
        self._reading = begun
        self._read: tuple[Tree, Contents] | None = None
        self._has_looked_at_walls = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def ground(self, name: str) -> Ground:
        """What one skill is evaluated on: what committing the folder now would give."""
        tree, contents = self._looked()
        return ground_of(self.repository, self.signatures, tree, contents, name, self._choice)

    def look_again(self) -> None:
        """Read the folder anew: something was written to it."""
        self._read = None

    def names(self) -> list[str]:
        """The skills that have a suite."""
        return sorted(self._looked()[1].suites)

    def _looked(self) -> "tuple[Tree, Contents]":
        if self._read is None:
            tree = self._reading.result() if self._reading is not None else self.repository.pending(*FOLDERS)
            self._reading, self._read = None, (tree, read(tree))
        return self._read

    def instruments(self, ground: Ground) -> Instruments:
        """What the trials of one skill are taken with."""
        return Instruments(self.scripts, Runners(self, ground).open, Servers(self, ground), self.clock)

    def takes(self, ground: Ground, tasks: "Sequence[Task]") -> "Sequence[Trial]":
        """Take trials behind walls; Unreachable where there are none, for what is judged is not trusted."""
        weakness = self.weakness_of_walls(tasks)
        if weakness is not None:
            message = f"scripts of a change are not run without isolation: {weakness}"
            raise Unreachable(message, hint="run it where Linux lets users make namespaces, or leave `--rerun` out")
        situation, instruments = situation_of(ground, {Arm.WITH_SKILL}), self.instruments(ground)
        return list(self.executor()(lambda task: take(task, situation, instruments), tasks))

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Begin to put up walls if any of these trials needs them, while other things are done."""
        if not self._has_looked_at_walls and any(task.case.run is not None for task in tasks):
            self.scripts.prepare()

    def weakness_of_walls(self, tasks: Iterable[Task]) -> str | None:
        """Why scripts of these trials run without isolation, told once; None where they have it, or none runs."""
        # Putting up walls takes longer than most commands: not for those that run nothing.
        if self._has_looked_at_walls or all(task.case.run is None for task in tasks):
            return None
        self._has_looked_at_walls = True
        return self.scripts.weakness

    def recorder(self, ground: Ground) -> "Recorders":
        """What the answers of one skill are recorded with."""
        return Recorders(self, ground)

    def signing(self, key: Path | None, *, is_needed: bool) -> "Callable[[bytes, str], bytes] | None":
        """What signs with this key, else with Git's own; None where there is none and nobody needs it.

        UsageError where it does not: it is tried before anything is asked.
        """
        named = key or self.repository.signing_key()
        if named is None and not is_needed:
            return None
        sign = self._wired.signatures(named).sign
        sign(b"", cassette.NAMESPACE)
        return sign

    def keep(self, files: Mapping[str, bytes | None]) -> None:
        """Put files into the folder; what is None is there no more."""
        from skillctl.adapters import atomic

        root = self.root().resolve()
        for path, raw in files.items():
            # A link, which a repository may bring, would lead what we write to anywhere.
            if (root / path).is_symlink() or not (root / path).parent.resolve().is_relative_to(root):
                raise UsageError(f"`{path}` leads out of the repository", hint="remove the link")
            if raw is None:
                (root / path).unlink(missing_ok=True)
            else:
                atomic.write(root / path, raw)

    def executor(self) -> "Threads":
        """What takes several trials at a time."""
        from skillctl.adapters.threads import Threads

        return Threads(self._means.concurrency)

    def books(self) -> Books:
        """Where evidence and trials are kept."""
        journal = self._wired.journal()
        self.closing(journal)
        return Books(self._wired.evidence(), journal, self.clock, TOOL)

    def remaining(self) -> float:
        """The seconds left for the whole run."""
        return 1e9 if self._means.timeout is None else self._begun + self._means.timeout - self.clock.seconds()

    def live(self, config: Runner) -> "Answers":
        """What really answers, within the budget."""
        from skillctl.adapters.runners.bounded import Bounded

        return Bounded(self._answering(config), config, self.purse, self.remaining)

    def closing(self, opened: Any) -> None:
        """Close this in the end."""
        self._open.callback(opened.close)

    def root(self) -> Path:
        """The folder that the repository begins in."""
        return self._wired.root()

    def _answering(self, config: Runner) -> "Answering":
        if config.model is not None:
            from skillctl.adapters.runners.chat import ChatRunner

            known = settings.variables([config.model.key, "AI_GATEWAY_BASE_URL"])
            address = config.model.base_url or known.get("AI_GATEWAY_BASE_URL", GATEWAY)
            chat = ChatRunner(config.model, address, known.get(config.model.key), deadline=self.remaining)
            self.closing(chat)
            return chat
        if config.command is not None:
            from skillctl.adapters.runners.command import CommandRunner

            known = settings.variables([*config.command.env, *_OF_PROGRAMS])
            command = CommandRunner(config.command, self.root(), known)
            self.closing(command)
            return command
        from skillctl.adapters.runners.fake import FakeRunner

        assert config.fake is not None
        return FakeRunner(config.fake)


class Runners:
    """The runners of one skill, each opened when it is first asked."""

    def __init__(self, laboratory: Laboratory, ground: Ground) -> None:
        self._laboratory, self._ground = laboratory, ground
        self._opening = Lock()
        self._opened: dict[str, Answers] = {}

    def open(self, alias: str) -> "Answers":
        """The runner of this alias; UsageError where the policy has none."""
        with self._opening:
            if alias not in self._opened:
                self._opened[alias] = self._made(alias)
            return self._opened[alias]

    def _made(self, alias: str) -> "Answers":
        from skillctl.adapters.runners.tape import Replay

        config = self._ground.runner(alias)[1]
        if self._ground.is_replayed(alias):
            how = f"skillctl eval {self._ground.name} --record"
            return Replay(config, self._ground.tape(alias).cassette, how)
        return self._laboratory.live(config)


class Recorders:
    """As `Runners`, but each asks what answers in truth, and takes it down."""

    def __init__(self, laboratory: Laboratory, ground: Ground) -> None:
        self._laboratory, self._ground = laboratory, ground
        self._opening = Lock()
        self._opened: dict[str, Recording] = {}

    def open(self, alias: str) -> "Answers":
        """The runner of this alias, recorded where it can be."""
        from skillctl.adapters.runners.tape import Recording

        source, config = self._ground.runner(alias)
        live = self._laboratory.live(config)
        if config.fake is not None:
            return live
        with self._opening:
            if source not in self._opened:
                self._opened[source] = Recording(live, config, self._laboratory.clock.seconds)
            return self._opened[source]

    def recorded(self) -> Sequence[Recorded]:
        """What was taken down so far, by runner."""
        return [
            Recorded(cassette.path_of(self._ground.name, alias), one.entries) for alias, one in self._opened.items()
        ]


class Servers:
    """The MCP servers of one skill; they are started when a case calls one of their tools."""

    def __init__(self, laboratory: Laboratory, ground: Ground) -> None:
        self._laboratory, self._ground = laboratory, ground
        self._opening = Lock()
        self._tools: Any = None

    def call(self, server: str, tool: str, arguments: Any, timeout: float) -> "Produced | str":
        """What one call of a tool gave, or why there is nothing to judge."""
        with self._opening:
            if self._tools is None:
                self._tools = self._started()
        answer: Produced | str = self._tools.call(server, tool, arguments, timeout)
        return answer

    def _started(self) -> Any:
        from skillctl.adapters.mcp_tools import McpTools

        aliases = {case.tool.server for case in self._ground.suite.cases if case.tool is not None}
        servers = {alias: self._ground.server(alias) for alias in aliases}
        names = [name for server in servers.values() for name in (*server.env, *filter(None, [server.token]))]
        tools = McpTools(servers, self._laboratory.root(), settings.variables([*names, *_OF_PROGRAMS]))
        self._laboratory.closing(tools)
        return tools
