"""SK207: the files that the instructions point at are there."""

import re
from collections.abc import Iterator

from skillctl.domain.finding import Finding
from skillctl.domain.rules.subject import Subject, World
from skillctl.domain.schema import nearest

#: A path into one of the standard's folders, in a link, in backticks or in running text.
_REFERENCE = re.compile(r"(?<![\w/.-])(?:\./)?((?:scripts|references|assets)/[\w./-]*[\w-])")


def check(subject: Subject, _world: World) -> Iterator[Finding]:
    """A finding at the first mention of each file that is missing."""
    sheet = subject.skill.sheet
    if sheet is None:
        return
    seen: set[str] = set()
    for number, line in enumerate(sheet.instructions.split("\n"), start=sheet.first_line):
        for match in _REFERENCE.finditer(line):
            path = match.group(1)
            if path in seen or path in subject.skill.files:
                continue
            seen.add(path)
            if any(file.startswith(path + "/") for file in subject.skill.files):
                continue
            near = nearest(path, subject.skill.files)
            hint = f"did you mean `{near}`?" if near else "add the file, or take the mention out"
            message = f"`{path}` is not in the skill's folder"
            column = match.start(1) + 1
            yield Finding("SK207", message, sheet.document.file, number, column, subject.skill.name, hint)
