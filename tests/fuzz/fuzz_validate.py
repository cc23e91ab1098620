"""The target: bytes → a tree in memory → `validate`; see README.md for how to run it with atheris.

The bytes are files, each after a mark and one byte that says which: its low bits are a number in `PATHS`, its high
bit says that there is no such file. What is not named is as in `examples/valid/plain`, so that a short input is a
change of one file of a good skill, and not a tree where nothing is right.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from time import perf_counter

from skillctl.domain.finding import Finding
from skillctl.domain.tree import TreeFile
from skillctl.workflows.validate import validate

EXAMPLES = Path(__file__).parents[1] / "examples"
#: The order is part of the format: a corpus of somebody's depends on it.
PATHS = (
    "skills/adder/skill.yaml",
    "skills/adder/SKILL.md",
    "skills/adder/scripts/add.sh",
    "evals/adder/suite.yaml",
    "approvals/adder/1.0.0/approval.json",
    "approvals/adder/serving.yaml",
    ".claude/mcp-servers.json",
    "skillctl.yaml",
    "skills/adder/skill.json",
    "skills/adder/references/rates.md",
    "skills/taxes/skill.yaml",
    "skills/taxes/SKILL.md",
    "skills/taxes/scripts/add.sh",
    "evals/taxes/suite.yaml",
    "approvals/taxes/1.0.0/approval.json",
    "approvals/taxes/serving.yaml",
    "skills/adder/skill.md",
    "skills/adder/link",
)
LINK = "skills/adder/link"
#: The separator of records; no example holds it.
MARK = b"\x1e"
ABSENT = 0x80
LONGEST = 5.0
#: YAML ends a line at each of these; everybody else at a line feed.
BREAKS = ("\n", "\r\n|[\n\r\x85\u2028\u2029]")


class MemoryTree:
    """A tree without a disk; `LINK` is a symbolic link, every other path a plain file."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self.unreadable: dict[str, str] = {}

    def names(self, folder: str) -> list[str]:
        """The names of all that lies directly in a folder at the root."""
        return sorted({path.split("/")[1] for path in self._contents if path.startswith(f"{folder}/")})

    def files(self, *folders: str) -> list[TreeFile]:
        """All files below these folders (or these files themselves), sorted by path."""
        within = tuple(f"{folder}/" for folder in folders)
        paths = sorted(path for path in self._contents if path in folders or path.startswith(within))
        return [TreeFile(path, "120000" if path == LINK else "100644", "") for path in paths]

    def read(self, files: Iterable[TreeFile]) -> dict[str, bytes]:
        """The bytes of files by path."""
        return {file.path: self._contents[file.path] for file in files if file.path in self._contents}


def pack(contents: Mapping[str, bytes]) -> bytes:
    """The bytes that mean exactly these files, as far as the format has them."""
    records = (
        bytes([number]) + contents[path] if path in contents else bytes([number | ABSENT])
        for number, path in enumerate(PATHS)
        if path in contents or path in PLAIN
    )
    return MARK.join(records)


def unpack(data: bytes) -> dict[str, bytes]:
    """The files that these bytes mean; every input means some."""
    contents = dict(PLAIN)
    for record in filter(None, data.split(MARK)):
        path = PATHS[(record[0] & ~ABSENT) % len(PATHS)]
        if record[0] & ABSENT:
            contents.pop(path, None)
        else:
            contents[path] = record[1:]
    return contents


def contents_of(folder: Path) -> dict[str, bytes]:
    """The files of an example by path, those that the format has."""
    return {path: (folder / path).read_bytes() for path in PATHS if (folder / path).is_file()}


PLAIN = contents_of(EXAMPLES / "valid" / "plain")


def seeds() -> Iterator[bytes]:
    """Every example as an input."""
    for kind in ("valid", "invalid"):
        for folder in sorted((EXAMPLES / kind).iterdir()):
            yield pack(contents_of(folder))


def check(data: bytes) -> None:
    """Judge the tree that these bytes mean; AssertionError where the answer is late or points nowhere."""
    contents = unpack(data)
    begin = perf_counter()
    findings = validate(MemoryTree(contents)).findings
    took = perf_counter() - begin
    assert took <= LONGEST, f"it took {took:.1f} seconds"
    for finding in findings:
        assert stands_somewhere(finding, contents), f"this stands nowhere: {finding}"


def stands_somewhere(finding: Finding, contents: Mapping[str, bytes]) -> bool:
    """Whether its place is in its file, or just behind a line of it; what is no file has the first place only."""
    if min(finding.line, finding.column) < 1:
        return False
    text = contents.get(finding.file, b"").decode("utf-8", "replace")
    for breaks in BREAKS:
        lines = re.split(breaks, text)
        if finding.line <= len(lines) and finding.column <= len(lines[finding.line - 1]) + 1:
            return True
    return False


def main() -> None:
    """Fuzz until atheris is told to stop; a folder that is named first gets the seeds."""
    atheris = import_module("atheris")
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        corpus = Path(sys.argv[1])
        corpus.mkdir(exist_ok=True)
        for seed in seeds():
            (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    # This module has brought in the project without the counters of coverage.
    for name in [name for name in sys.modules if name.startswith("skillctl")]:
        del sys.modules[name]
    with atheris.instrument_imports(include=["skillctl"]):
        counted = import_module("tests.fuzz.fuzz_validate")
        # Much is loaded where it is needed first, and would not be counted if that were later.
        for seed in seeds():
            counted.check(seed)
    atheris.Setup(sys.argv, counted.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
