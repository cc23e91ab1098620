"""Growth: what a version may do that the last approved one could not, which takes one approval more.

Looked at are the tools that are asked for, the scripts, the hosts that any text names in a URL, and the declared
secrets. A script that keeps its path, and a host that is put together at run time, are for the reader of the change.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from msgspec import Struct

from skillctl.domain.skill import Skill
from skillctl.domain.tree import is_data

_EXECUTABLE = "100755"
#: A word of `allowed-tools`; what stands in its brackets belongs to it.
_WORD = re.compile(r"[^\s,()]*\([^()]*\)|[^\s,]+")
#: What follows `://`, of which `\` is spared where JSON writes `:\/\/`, up to the path; another may begin within it.
_AUTHORITY = re.compile(r":(?:\\?/){2}(?=([^\s/?#]+))")
#: Where a text around an address goes on.
_ENDS = re.compile(r"[\"'<>`|,;*()\\]")
_MARKS = ".:!_~"
_CLOSERS = {"]": "[", "}": "{"}


class Power(Struct, frozen=True):
    """What a version may do: tools as `server.tool`, the words of `allowed-tools`, paths, hosts, names of secrets."""

    tools: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    scripts: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()


def power_of(skill: Skill, files: Mapping[str, tuple[str, bytes]]) -> Power:
    """What a skill may do; `files` are those of its folder: path → mode and bytes."""
    definition, sheet = skill.definition, skill.sheet
    words = sheet.frontmatter.allowed_tools if sheet is not None else None
    texts = (raw for path, (mode, raw) in files.items() if mode == _EXECUTABLE or not is_data(path))
    return Power(
        tools=frozenset(_tool(server, tool) for server, tools in definition.tools.items() for tool in tools),
        allowed=frozenset(_WORD.findall(words or "")),
        scripts=frozenset(path for path, (mode, _) in files.items() if mode == _EXECUTABLE or _is_script(path)),
        hosts=frozenset(host for raw in texts for host in _hosts(_text(raw))),
        secrets=frozenset(definition.secrets),
    )


def growth(before: Power | None, after: Power) -> list[str]:
    """What the second may do and the first may not, sorted; nothing where nothing was approved before.

    The first approval is of everything a skill does, so all of it is new and none of it is more.
    """
    if before is None:
        return []
    kinds = (
        ("tool", before.tools, after.tools),
        ("allowed tool", before.allowed, after.allowed),
        ("script", before.scripts, after.scripts),
        ("host", before.hosts, after.hosts),
        ("secret", before.secrets, after.secrets),
    )
    return sorted(f"{kind} `{one}`" for kind, had, has in kinds for one in has - had)


def _tool(server: str, tool: str) -> str:
    # A server may have a dot in its name; then it must not be taken for another server with another tool.
    return f'"{server}".{tool}' if "." in server else f"{server}.{tool}"


def _is_script(path: str) -> bool:
    return path.startswith("scripts/")


def _text(raw: bytes) -> str:
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return raw.decode(encoding, "replace")


def _hosts(text: str) -> Iterator[str]:
    """The hosts of all URLs in a text.

    Where quotes and commas stand in an address, people end it there and programs may read on to an `@`: both count.
    """
    for found in _AUTHORITY.finditer(text):
        wide = found.group(1)
        narrow = _begun(wide)
        later = wide[len(narrow) :].split("@")[1:]
        for authority in (narrow.rpartition("@")[2], *later):
            host = _host(authority)
            if host:
                yield host


def _begun(text: str) -> str:
    end = _ENDS.search(text)
    return text[: end.start()] if end else text


def _host(text: str) -> str:
    """The host of `host:port`, in lower case, without the marks of the sentence that it ends."""
    bare = _trimmed(_begun(text))
    closed = bare.find("]")
    host = bare[: closed + 1] if bare.startswith("[") and closed > 0 else bare.partition(":")[0]
    return unquote(host).lower().rstrip(".")


def _trimmed(text: str) -> str:
    """A text without marks at its end, and without closing brackets that nothing in it opens."""
    spare = {closer: text.count(closer) - text.count(opener) for closer, opener in _CLOSERS.items()}
    end = len(text)
    while end and (text[end - 1] in _MARKS or spare.get(text[end - 1], 0) > 0):
        if text[end - 1] in spare:
            spare[text[end - 1]] -= 1
        end -= 1
    return text[:end]
