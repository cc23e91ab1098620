"""SK207: the files that the instructions point at are there."""

import re
from collections.abc import Iterator, Set
from itertools import islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.naming import nearest
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.skill import Sheet

#: A path into one of the standard's folders, in a link, in backticks or in running text.
_REFERENCE = re.compile(r"(?<![\w/.-])(?:\./)?((?:scripts|references|assets)/[\w./-]*[\w-])")


#: One person reads the findings of one file; more of them than this help nobody, and cost time.
_MOST = 20


def check(subject: Subject) -> Iterator[Finding]:
    """A finding at the first mention of each file that is missing, up to twenty of them."""
    sheet = subject.skill.sheet
    if sheet is None:
        return
    files = subject.skill.files
    folders = {file[:at] for file in files for at, letter in enumerate(file) if letter == "/"}
    for number, column, path in islice(_missing(sheet, files | folders), _MOST):
        near = nearest(path, files)
        hint = f"did you mean `{near}`?" if near else "add the file, or take the mention out"
        message = f"`{path}` is not in the skill's folder"
        yield Finding("SK207", message, sheet.document.file, number, column, subject.name, hint)


def _missing(sheet: Sheet, present: Set[str]) -> Iterator[tuple[int, int, str]]:
    """Line, column and path of each mention of what is not there, each path once."""
    seen: set[str] = set()
    for number, line in enumerate(sheet.instructions.split("\n"), start=sheet.first_line):
        for match in _REFERENCE.finditer(line) if "/" in line else ():
            path = match.group(1)
            if path not in present and path not in seen:
                seen.add(path)
                yield number, match.start(1) + 1, path


RULE = Rule(
    code="SK207",
    severity=Severity.ERROR,
    title="the files that the instructions point at are there",
    why="An agent that is told to run or read a file that is missing stops there, or makes something up.",
    bad="Run `scripts/ad.sh`.",
    good="Run `scripts/add.sh`.",
    check=check,
    standard=True,
)
