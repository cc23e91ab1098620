"""Wiring: settings → adapters → workflows; the only place that knows both sides. Adapters load when they are needed."""

import os
import shutil
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from skillctl import __version__, settings
from skillctl.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from skillctl.adapters.clock import SystemClock
    from skillctl.adapters.evidence_files import EvidenceFiles
    from skillctl.adapters.folder_tree import FolderTree
    from skillctl.adapters.git_repository import GitRepository
    from skillctl.adapters.lanes import Transport
    from skillctl.adapters.local_sink import Sink
    from skillctl.adapters.production_catalogue import Memory, ProductionCatalogue
    from skillctl.adapters.scripts import ScriptRunner
    from skillctl.adapters.signatures import SshSignatures
    from skillctl.adapters.sqlite_catalogue import SqliteCatalogue
    from skillctl.adapters.threads import Threads
    from skillctl.adapters.trial_files import TrialFiles
    from skillctl.adapters.validation_cache import ValidationCache
    from skillctl.adapters.walls import BestWalls
    from skillctl.settings import Target
    from skillctl.workflows.fix import Fixed
    from skillctl.workflows.ports import Spread, Tree
    from skillctl.workflows.store_ports import Destination

TOOL = f"skillctl {__version__}"
_PACKAGE = Path(__file__).parent.parent


class Wiring(Struct, frozen=True, dict=True):
    """The adapters for one folder (`-C`)."""

    folder: Path

    def repository(self) -> "GitRepository":
        """The Git repository that the folder lies in; Unreachable where there is no Git."""
        # Asked first: what works on a repository cannot even be loaded without Git.
        need_git()
        from skillctl.adapters.git_repository import GitRepository

        settings.forget_surrounding_git()
        return GitRepository(self.root())

    def root(self) -> Path:
        """The folder that the repository begins in."""
        from skillctl.adapters import git_root

        return git_root.find(self.folder)

    def working_tree(self) -> "FolderTree":
        """The files as they lie on the disk."""
        from skillctl.adapters.folder_tree import FolderTree

        return FolderTree(self.root())

    def scripts(self) -> "ScriptRunner":
        """What runs the scripts of a skill."""
        from skillctl.adapters.scripts import ScriptRunner

        return ScriptRunner(self.walls)

    @cached_property
    def walls(self) -> "BestWalls":
        """What scripts are run behind."""
        from skillctl.adapters.walls import BestWalls

        return BestWalls()

    def evidence(self) -> "EvidenceFiles":
        """The evidence of this machine."""
        from skillctl.adapters.evidence_files import EvidenceFiles

        return EvidenceFiles(self.own_state())

    def journal(self) -> "TrialFiles":
        """The trials of this machine."""
        from skillctl.adapters.trial_files import TrialFiles

        return TrialFiles(self.own_state())

    def signatures(self, key: Path | str | None = None) -> "SshSignatures":
        """What verifies signatures, and signs with this key."""
        from skillctl.adapters.signatures import SshSignatures

        return SshSignatures(key)

    def hand(self, key: Path | None) -> "SshSignatures":
        """What signs with this key, else with Git's own."""
        return self.signatures(key or self.repository().signing_key())

    def side(self) -> "Threads":
        """What waits for several programs at a time."""
        from skillctl.adapters.threads import Threads

        return Threads(4)

    def dev_catalogue(self) -> "SqliteCatalogue":
        """The dev store."""
        from skillctl.adapters.sqlite_catalogue import SqliteCatalogue

        return SqliteCatalogue(self.state())

    def clock(self) -> "SystemClock":
        """The time."""
        from skillctl.adapters.clock import SystemClock

        return SystemClock()

    def today(self) -> str:
        """The day, `YYYY-MM-DD` in UTC."""
        return self.clock().now()[:10]

    def memory(self, tree: "FolderTree") -> "ValidationCache | None":
        """What `validate` judged before; None where everything is to be read, as in CI."""
        if settings.in_ci():
            return None
        from skillctl.adapters.tool_key import tool_key
        from skillctl.adapters.validation_cache import ValidationCache

        try:
            return ValidationCache(tree, self.root(), self.state(), tool_key())
        except (OSError, UsageError):
            # Where nothing can be kept everything is judged each time.
            return None

    def base_tree(self, revision: str | None) -> "Tree | None":
        """What a change is compared with: where it left `revision`, or the release branch; None if there is nothing."""
        commit = self._base(revision)
        return self.repository().tree(commit) if commit is not None else None

    def changed_since(self, revision: str | None) -> set[str] | None:
        """The skills that differ from where the change left `revision`; None means all of them."""
        from skillctl.workflows.base import changed_since

        repository = self.repository()
        return changed_since(repository, self._base(revision) or repository.head())

    def _base(self, revision: str | None) -> str | None:
        from skillctl.workflows.base import base_of

        return base_of(self.repository(), settings.release_branch(self.root()), revision)

    def fix(self, names: Sequence[str], changed: Collection[str] | None) -> "list[Fixed]":
        """Mend what can be mended safely in the files of these skills, or of those that changed, or of all."""
        from skillctl.adapters import atomic
        from skillctl.workflows.fix import fix

        root = self.root()
        return fix(self.working_tree(), lambda path, raw: atomic.write(root / path, raw), names, changed)

    def plain_folders(self, path: Path) -> "tuple[FolderTree, list[str]]":
        """The folders with a `SKILL.md` at or below a path, and the tree they lie in."""
        from skillctl.adapters.folder_tree import plain_skills

        return plain_skills(self.folder, path)

    def spread(self, tree: "FolderTree") -> "Spread":
        """What does the same work for many names of a tree at the same time."""
        from skillctl.adapters.side_by_side import side_by_side

        return partial(side_by_side, tree)

    def target(self, name: str) -> "Target":
        """One environment of `skillctl.yaml`."""
        return settings.target(self.root(), name)

    def state(self) -> Path:
        """`.skillctl/`, made where it is missing, and ignored by Git from the first moment.

        UsageError where something else has that name.
        """
        folder = self.root() / settings.STATE_FOLDER
        # A link, which a repository may bring, would lead what we write to anywhere.
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"`{folder}` is not a folder", hint=f"move it away: `mv {folder} {folder}.old`")
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        return folder

    def own_state(self) -> Path:
        """`.skillctl/`, of which a change brought nothing: what lies there is believed."""
        return self._own_state

    @cached_property
    def _own_state(self) -> Path:
        name = settings.STATE_FOLDER
        if self.repository().tracks(name):
            raise UsageError(
                f"Git tracks `{name}`, which is of this machine alone", hint=f"take it out: `git rm -r --cached {name}`"
            )
        return self.state()


def need_git() -> None:
    """Unreachable where there is no Git."""
    if shutil.which("git") is None:
        raise Unreachable("there is no `git` in `PATH`", hint="install Git (https://git-scm.com/downloads)")


@contextmanager
def production(target: "Target", memory: "Memory | None" = None) -> Iterator["ProductionCatalogue"]:
    """The prod store of an environment."""
    from skillctl.adapters.production_catalogue import ProductionCatalogue

    with transport(target) as connected:
        yield ProductionCatalogue(connected, memory)


@contextmanager
def transport(target: "Target") -> Iterator["Transport"]:
    """What calls production's functions: over PostgreSQL where `SKILLCTL_DATABASE_URL` is set, else over HTTPS."""
    if target.environment.store != "supabase":
        raise UsageError(f"environment `{target.name}` has no production store", hint="name one with `store: supabase`")
    if target.database_url:
        from skillctl.adapters.postgres_transport import PostgresTransport

        with PostgresTransport(target.database_url) as direct:
            yield direct
    elif target.supabase_url and target.supabase_key:
        from skillctl.adapters.supabase_transport import SupabaseTransport

        with SupabaseTransport(target.supabase_url, target.supabase_key) as gateway:
            yield gateway
    else:
        hint = "set `SUPABASE_URL` and `SUPABASE_SECRET_KEY`, or `SKILLCTL_DATABASE_URL`"
        raise UsageError(f"nothing says where the production of `{target.name}` is", hint=hint)


@contextmanager
def local_production(folder: Path) -> Iterator[str]:
    """A PostgreSQL on this machine in the place of Supabase; the connection string of its owner."""
    from skillctl.adapters.embedded_postgres import embedded_postgres, find_server

    with embedded_postgres(folder, find_server()) as server:
        yield server.owner_url


@contextmanager
def local_destinations(secret: str) -> Iterator["Sink"]:
    """A sink on this machine in the place of Mattermost and n8n."""
    from skillctl.adapters.local_sink import local_sink

    with local_sink(secret) as sink:
        yield sink


def destinations(target: "Target") -> Mapping[str, "Destination"]:
    """Where each type of job goes; a destination without its address is left out, so its jobs wait."""
    from skillctl.wiring.chatting import notices
    from skillctl.wiring.rollouts import rollout_destinations

    told = notices(target)
    return ({} if told is None else {"notice": told}) | rollout_destinations(target, told)


def worker() -> str:
    """The name under which this process leases jobs."""
    return f"{socket.gethostname()}:{os.getpid()}"


def material() -> Path:
    """The folder that holds this project's own skills, evals and migrations: in the wheel, or in the checkout."""
    packed = _PACKAGE / "material"
    return packed if packed.is_dir() else _PACKAGE.parent
