"""`skillctl explain`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.naming import nearest
from skillctl.domain.rules import RULES
from skillctl.domain.rules.rule import Rule
from skillctl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

_FAMILIES = {
    "SK0": "Reading",
    "SK1": "Schema",
    "SK2": "Skills",
    "SK3": "Suites",
    "SK4": "Approvals and releases",
    "SK5": "Security",
    "SK6": "Suppression",
    "SK7": "Changes",
}
_HEAD = """\
# Rules

Every code that `skillctl` gives, with its reason. Written by `skillctl explain --all`; a test keeps it current.
`error` says no, `warning` only tells. Errors marked *security* cannot be suppressed by the change that brings them in.
"""


def run(
    code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="Such as SK203.")] = None,
    all: Annotated[bool, typer.Option("--all", help="The page of all rules, as Markdown.")] = False,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Say what a code means: why it is asked for, with a bad and a good example."""
    if all == (code is not None):
        raise UsageError("name one code, or `--all`", hint="run `skillctl explain --all`")
    if code is None:
        return Result({"rules": [_data(rule) for rule in RULES]}, 0, (), _page, format)
    rule = _known(code)
    return Result(_data(rule), 0, (), lambda screen: _draw(screen, rule), format)


def page(rules: Iterable[Rule] = RULES) -> str:
    """The page of all rules, as Markdown."""
    parts, family = [_HEAD], None
    for rule in rules:
        if rule.code[:3] != family:
            family = rule.code[:3]
            parts.append(f"## {_FAMILIES[family]}\n")
        marks = rule.severity.value + (", *security*" if rule.security else "")
        parts.append(f"### {rule.code}: {rule.title}\n\n{marks}\n\n{rule.why}\n")
        for word, text in (("Bad", rule.bad), ("Good", rule.good)):
            block = "\n".join(f"    {_seen(line)}".rstrip() for line in text.rstrip("\n").split("\n"))
            parts.append(f"{word}:\n\n{block}\n")
    return "\n".join(parts)


def _known(code: str) -> Rule:
    rules = {rule.code: rule for rule in RULES}
    found = rules.get(code.upper())
    if found is None:
        near = nearest(code.upper(), rules)
        hint = f"did you mean `{near}`?" if near else "run `skillctl explain --all` for the list"
        raise UsageError(f"there is no code `{code}`", hint=hint)
    return found


def _data(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "severity": rule.severity.value,
        "security": rule.security,
        "title": rule.title,
        "why": rule.why,
        "bad": rule.bad,
        "good": rule.good,
    }


def _seen(text: str) -> str:
    """An example with what nobody sees as escapes: it is there to be looked at."""
    return draw.plain(text)


def _draw(screen: "Console", rule: Rule) -> None:
    draw.line(screen, f"{rule.code} ({rule.severity.value}): {rule.title}", draw.styled(rule.severity.value))
    draw.blank(screen)
    draw.paragraphs(screen, rule.why)
    for word, text in (("bad", rule.bad), ("good", rule.good)):
        draw.blank(screen)
        draw.line(screen, f"{word}:")
        for line in text.rstrip("\n").split("\n"):
            draw.line(screen, f"    {line}")


def _page(screen: "Console") -> None:
    for line in page().rstrip("\n").split("\n"):
        draw.line(screen, line)
