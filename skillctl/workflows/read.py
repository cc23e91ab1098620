"""Read: a tree → its skills, suites, approvals and policy, and a finding for whatever cannot be read."""

import contextlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from skillctl.domain import approval, policy, serving, skill, suite
from skillctl.domain.digest import FILE_MODES, TreeFile
from skillctl.domain.finding import Finding
from skillctl.domain.policy import Policy
from skillctl.domain.schema import nearest
from skillctl.domain.serving import Serving
from skillctl.domain.skill import ReadDefinition, Skill
from skillctl.domain.suite import ReadSuite
from skillctl.errors import UsageError
from skillctl.workflows.ports import Tree

SERVERS_FILE = ".claude/mcp-servers.json"
SUITE_NAME = "suite.yaml"
#: A larger file is data, not text that anybody reads.
LARGEST_TEXT = 256 * 1024
FOLDERS = ("skills", "evals", "approvals", SERVERS_FILE, policy.FILE_NAME)


@dataclass
class Contents:
    """All that a tree says about skills.

    `names` has the broken ones too, `entries` every file by its folder, `texts` what agents and people read, by path.
    """

    names: list[str] = field(default_factory=list)
    skills: dict[str, Skill] = field(default_factory=dict)
    governed: dict[str, ReadDefinition] = field(default_factory=dict)
    suites: dict[str, ReadSuite] = field(default_factory=dict)
    servings: dict[str, Serving] = field(default_factory=dict)
    approvals: dict[str, dict[str, approval.Statement]] = field(default_factory=dict)
    servers: frozenset[str] | None = None
    groups: dict[str, list[str]] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    entries: dict[str, list[TreeFile]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def approved(self, name: str) -> dict[str, str]:
        """The digest of every approved version of a skill."""
        return {version: said.predicate.digest for version, said in self.approvals.get(name, {}).items()}

    def known(self, name: str) -> str:
        """The name itself if there is such a skill; else UsageError with the nearest ones."""
        if name in self.names:
            return name
        near = nearest(name, self.names)
        known = ", ".join(f"`{other}`" for other in self.names[:10]) or "none"
        hint = f"did you mean `{near}`?" if near else f"known skills: {known}"
        raise UsageError(f"there is no skill `{name}`", hint=hint)


def read(tree: Tree) -> Contents:
    """Everything in a tree; one broken file never hides another."""
    contents, texts = _opened(tree, (*skill.DEFINITION_NAMES, skill.SHEET_NAME, SUITE_NAME))
    _read_policy(texts, contents)
    _read_servers(texts, contents)
    _read_skills(texts, contents)
    _read_suites(texts, contents)
    _read_approvals(texts, contents)
    # A file that is there and cannot be read is not missing.
    contents.findings = [one for one in contents.findings if one.code != "SK101" or one.file not in tree.unreadable]
    _keep_texts(texts, contents)
    contents.findings.sort(key=lambda finding: finding.order)
    return contents


def read_texts(tree: Tree, contents: Contents, names: Collection[str]) -> None:
    """Read the other text files of these skills and their suites too, into `contents.texts`."""
    folders = [folder for folder in contents.entries if folder.partition("/")[2] in names]
    known = set(tree.unreadable)
    wanted = [
        entry
        for folder in folders
        if folder.startswith(("skills/", "evals/"))
        for entry in contents.entries[folder]
        if entry.mode in FILE_MODES and entry.path not in contents.texts and entry.path not in known
    ]
    _keep_texts(tree.read(wanted), contents)
    contents.findings += [_unreadable(path, why) for path, why in tree.unreadable.items() if path not in known]


def read_governed(tree: Tree) -> Contents:
    """Only the policy, how skills are governed and what was approved: all that a release asks of a commit."""
    contents, texts = _opened(tree, skill.DEFINITION_NAMES)
    _read_policy(texts, contents)
    for folder, raw in _by_folder(texts, contents).items():
        found, findings = skill.read_definition(folder, raw)
        contents.findings += findings
        if found is not None:
            contents.governed[folder.partition("/")[2]] = found
    _read_approvals(texts, contents)
    return contents


def refuse_unreadable(contents: Contents, name: str) -> None:
    """UsageError where an approval or serving file cannot be read: writing it anew would lose what it says."""
    for finding in contents.findings:
        if finding.skill == name and finding.file.startswith("approvals/"):
            where = f"{finding.file}:{finding.line}:{finding.column}"
            raise UsageError(f"{where} {finding.message}", hint=finding.hint or f"run `skillctl validate {name}`")


def _opened(tree: Tree, names: Collection[str]) -> tuple[Contents, Mapping[str, bytes]]:
    """The entries of a tree by folder, and the bytes of the files of these names."""
    contents = Contents()
    listed = tree.files(*FOLDERS)
    for entry in listed:
        contents.entries.setdefault("/".join(entry.path.split("/")[:2]), []).append(entry)
    texts = tree.read(entry for entry in listed if _is_read(entry, names))
    contents.findings += [_unreadable(path, reason) for path, reason in tree.unreadable.items()]
    return contents, texts


def _unreadable(path: str, reason: str) -> Finding:
    parts = path.split("/")
    skill = parts[1] if parts[0] in ("skills", "evals", "approvals") and len(parts) > 1 else None
    hint = "put its content there" if reason.startswith("symbolic") else f"check who owns it: `ls -ld {path}`"
    return Finding("SK001", f"cannot be read: {reason}", path, skill=skill, hint=hint)


def _is_read(entry: TreeFile, names: Collection[str]) -> bool:
    if entry.mode not in FILE_MODES:
        return False
    parts = entry.path.split("/")
    if parts[0] in ("skills", "evals"):
        return len(parts) == 3 and parts[2] in names
    if parts[0] == "approvals":
        return parts[-1] in (approval.FILE_NAME, serving.FILE_NAME)
    return True


def _keep_texts(raw: Mapping[str, bytes], contents: Contents) -> None:
    """Keep what is text; a byte-order mark stays in it, for it is one of the things that are looked for."""
    for path, content in raw.items():
        if path.startswith(("skills/", "evals/")) and len(content) <= LARGEST_TEXT and b"\0" not in content:
            with contextlib.suppress(UnicodeDecodeError):
                contents.texts[path] = content.decode()


def _read_policy(texts: Mapping[str, bytes], contents: Contents) -> None:
    if policy.FILE_NAME in texts:
        found, findings = policy.read(texts[policy.FILE_NAME])
        contents.policy = found or Policy()
        contents.findings += findings


def _read_servers(texts: Mapping[str, bytes], contents: Contents) -> None:
    if SERVERS_FILE not in texts:
        return
    try:
        registry = json.loads(texts[SERVERS_FILE])
        contents.servers = frozenset(registry["mcpServers"])
        contents.groups = {name: list(members) for name, members in registry.get("groups", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        message = f"the server registry cannot be read: {type(problem).__name__}: {problem}"
        contents.findings.append(Finding("SK008", message, SERVERS_FILE, hint="it is JSON with a mapping `mcpServers`"))


def _by_folder(texts: Mapping[str, bytes], contents: Contents) -> Mapping[str, dict[str, bytes]]:
    """The bytes that were read of each skill's folder, by name; a folder without any is there too."""
    found: dict[str, dict[str, bytes]] = {
        folder: {}
        for folder, entries in contents.entries.items()
        if folder.startswith("skills/") and _is_folder(folder, entries)
    }
    contents.names = [folder.partition("/")[2] for folder in found]
    for path, raw in texts.items():
        folder, _, name = path.rpartition("/")
        if folder in found:
            found[folder][name] = raw
    return found


def _read_skills(texts: Mapping[str, bytes], contents: Contents) -> None:
    for folder, raw in _by_folder(texts, contents).items():
        files = frozenset(entry.path.removeprefix(folder + "/") for entry in contents.entries[folder])
        found, findings = skill.read(folder, raw, files)
        contents.findings += findings
        if found is not None:
            contents.skills[folder.partition("/")[2]] = found


def _read_suites(texts: Mapping[str, bytes], contents: Contents) -> None:
    for path, raw in texts.items():
        folder, _, name = path.rpartition("/")
        if name == SUITE_NAME:
            found, findings = suite.read(folder, raw)
            contents.findings += findings
            if found is not None:
                contents.suites[folder.partition("/")[2]] = found


def _is_folder(folder: str, entries: Sequence[TreeFile]) -> bool:
    return any(entry.path.startswith(folder + "/") for entry in entries)


def _read_approvals(texts: Mapping[str, bytes], contents: Contents) -> None:
    for path, raw in texts.items():
        parts = path.split("/")
        if parts[0] != "approvals":
            continue
        name = parts[1]
        if len(parts) == 3 and parts[2] == serving.FILE_NAME:
            found, findings = serving.read(path, raw, name)
            contents.findings += findings
            if found is not None:
                contents.servings[name] = found
        elif len(parts) == 4 and parts[3] == approval.FILE_NAME:
            statement = approval.read(raw)
            problem = statement if isinstance(statement, str) else _misplaced(statement, name, parts[2])
            if problem is None and not isinstance(statement, str):
                contents.approvals.setdefault(name, {})[parts[2]] = statement
            else:
                message = f"the approval cannot be read: {problem}"
                hint = "an approval is never edited: restore it from Git"
                contents.findings.append(Finding("SK402", message, path, skill=name, hint=hint))


def _misplaced(statement: approval.Statement, name: str, version: str) -> str | None:
    said = statement.predicate
    if (said.skill, said.version) == (name, version):
        return None
    return f"it is of {said.skill}@{said.version}, but lies in the folder of {name}@{version}"
