"""SK203: every value reads the same in YAML 1.1 and YAML 1.2, and what is text is text in both."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from skillctl.domain.document import Document
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

#: Parts whose values may be of any kind, as long as everybody reads the same.
_FREE = frozenset({"inputs", "outputs", "cases", "trials"})
_NULL = r"null|Null|NULL|~|"
_TRUTH = r"true|True|TRUE|false|False|FALSE"
#: What a plain scalar must match to be other than text; `n` and `y` are so in YAML 1.1, though not for every reader.
_OLD = re.compile(
    rf"(?P<null>{_NULL})|(?P<truth>{_TRUTH}|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)|(?P<letter>[yYnN])"
    r"|(?P<int>[-+]?(?:0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+))|(?P<clock>[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)"
    r"|(?P<float>[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)"
    r"|(?P<infinity>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
    r"|(?P<date>\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?)?)?)"
    r"|(?P<sign>=|<<)"
)
_NEW = re.compile(
    rf"(?P<null>{_NULL})|(?P<truth>{_TRUTH})|(?P<int>[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<infinity>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_WORDS = {
    "null": "nothing",
    "truth": "a truth value",
    "letter": "a truth value",
    "int": "a number",
    "clock": "a number",
    "float": "a number",
    "infinity": "a number",
    "date": "a date",
    "sign": "a sign of its own",
    "text": "text",
}
#: Quoted and block scalars are text to everybody.
_QUOTED = frozenset("'\"|>")
#: Findings of one file; who has more sees the rest when these are gone.
MOST = 100
#: Longer than any of those that are not text.
_LONGEST = 64


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each plain scalar that somebody reads otherwise."""
    documents = [subject.skill.document]
    documents += [subject.skill.sheet.document] if subject.skill.sheet else []
    documents += [subject.suite.document] if subject.suite else []
    for document in documents:
        if not document.file.endswith(".json"):
            yield from islice(_in(document, subject), MOST)


def _in(document: Document, subject: Subject) -> Iterator[Finding]:
    for key, node in document.doubtful:
        if node.style in _QUOTED or len(node.value) > _LONGEST or key.startswith("x-"):
            continue
        old, new = _kinds(node.value)
        free = key in _FREE
        if old == new == "text" or (free and _is_same(node.value, old, new)):
            continue
        if (document.file, document.key_place((key,))) in subject.told:
            # Nobody knows what the key wants.
            continue
        place = document.placed(node.start_mark)
        message = _sentence(node.value, old, new, free)
        hint = f'quote it: "{node.value}"' if node.value else "write a value, or take the key out"
        yield Finding("SK203", message, document.file, place.line, place.column, subject.name, hint)


def _sentence(value: str, old: str, new: str, free: bool) -> str:
    if not value:
        return "the value is empty, which is not text"
    if _WORDS[old] != _WORDS[new]:
        return f"`{value}` is {_WORDS[old]} in YAML 1.1 and {_WORDS[new]} in YAML 1.2"
    if old != new or free:
        return f"`{value}` is one number in YAML 1.1 and another in YAML 1.2"
    return f"`{value}` is {_WORDS[old]}, not text"


@lru_cache(maxsize=4096)
def _kinds(value: str) -> tuple[str, str]:
    """What a plain scalar is in YAML 1.1 and in YAML 1.2."""
    old, new = _OLD.fullmatch(value), _NEW.fullmatch(value)
    return (old.lastgroup or "text") if old else "text", (new.lastgroup or "text") if new else "text"


def _is_same(value: str, old: str, new: str) -> bool:
    """Whether both readings give one value; a letter is text to nearly everybody."""
    if old == "letter":
        return True
    if old == new == "int":
        return value.lstrip("+-") == "0" or value.startswith("0x") or not value.lstrip("+-").startswith("0")
    return old == new


RULE = Rule(
    code="SK203",
    severity=Severity.ERROR,
    title="every reader of YAML sees the same value",
    why=(
        "Tools and hosts follow YAML 1.1 or 1.2, which disagree on `yes`, `on`, `012`, `1:30`, `1e3`, `1_000` and "
        "dates: what was measured is not what an agent gets, and the frontmatter fails a host's comparison. What is "
        "meant as text is quoted."
    ),
    bad="license: 1e3",
    good='license: "1e3"',
    check=check,
    standard=True,
)
