"""SK227: what is not plainly data is UTF-8 text that can be looked at."""

import re
from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.places import place_of
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.tree import MAX_BYTES

#: A byte that is no text has its place among the surrogates.
_NO_TEXT = re.compile("[\0\udc80-\udcff]")


def check(subject: Subject) -> Iterator[Finding]:
    """A finding at the first byte that is no text, and for each file that is too large to be looked at."""
    for path, text in subject.texts.items():
        if path in subject.data:
            continue
        found = None if text.isascii() and "\0" not in text else _NO_TEXT.search(text)
        if found is not None:
            line, column = place_of(text, found.start())
            what = "a NUL character" if found[0] == "\0" else "what is not UTF-8"
            hint = "save the file as UTF-8; data belongs into a file with the ending of its kind"
            message = f"the file holds {what}, so nobody sees all of it"
            yield Finding("SK227", message, path, line + 1, column + 1, subject.name, hint)
        elif len(text) >= MAX_BYTES:
            hint = "split it, or give it the ending of the data that it is"
            yield Finding("SK227", f"the file has {MAX_BYTES:,} bytes or more", path, 1, 1, subject.name, hint)


RULE = Rule(
    code="SK227",
    severity=Severity.ERROR,
    title="what agents read and run is text",
    why=(
        "A shell runs a script with a stray byte in it, and an agent reads around it; a reviewer's tools call the file "
        "binary and show nothing. Images, archives and other data are known by their endings and left alone, unless "
        "they are executable."
    ),
    bad="skills/adder/references/rates.md",
    good="# ä",
    check=check,
    standard=True,
)
