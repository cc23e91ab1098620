"""SK504: no text of a skill steers the gate, or an agent away from whom it works for."""

import re
from collections.abc import Iterator
from itertools import chain, islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import MOST, Spot, compiled, is_in_code_block, spots
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

#: What stands between two words of a sentence, marks of emphasis among it.
_GAP = r"(?:[\s*_~`]|</?[a-z]{1,6}>){1,9}"
_PEOPLE = r"(?:user|human|operator|reviewer|developer|owner)s?\b"
_GATE = r"(?:evals?|evaluations?|eval suite|gate|approvals?|validation|security (?:review|scan|check)s?)\b"
_DROP = (
    r"\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|every\s+)?(?:of\s+)?(?:the\s+|your\s+|these\s+)?"
    r"(?:previous|prior|above|earlier|preceding|existing|system)\s+"
    r"(?:instructions?|rules?|prompts?|messages?|directives?)"
)
_HIDE = (
    r"\b(?:do not|don['’]t|never|without)\s+(?:(?:tell|inform|notify|alert)(?:ing)?"
    rf"|(?:mention|reveal)(?:ing)?\s+(?:\w+\s+){{0,3}}to)\s+(?:the\s+|your\s+|any\s+)?{_PEOPLE}"
)
_APPROVE = (
    r"\b(?:mark|set|treat|record|report)\s+(?:this|it|the)(?:\s+\w+){0,3}\s+(?:as|to)\s+[\"'`]?approved\b"
    r"|\bapprove\s+(?:this|it|the)(?:\s+(?:skill|version|change|promotion|pull request)){0,2}\s+"
    r"(?:without|immediately|automatically|regardless|anyway)\b"
)
_SKIP = (
    r"\b(?:skip|bypass|disable|ignore|circumvent)(?:ping|s|ing)?\s+"
    rf"(?:the\s+|all\s+|any\s+|its\s+|this\s+skill['’]s\s+)?{_GATE}"
)
#: What the text does, texts of which one is always in it, and its shape.
_SHAPES = tuple(
    (what, signs, shape.replace(r"\s+", _GAP))
    for what, signs, shape in (
        ("tells an agent to drop its instructions", ("ignore", "disregard", "forget", "override"), _DROP),
        (
            "tells an agent to hide something from people",
            ("tell", "inform", "notif", "mention", "reveal", "alert"),
            _HIDE,
        ),
        ("asks to be approved", ("approve",), _APPROVE),
        ("asks to get round the gate", ("skip", "bypass", "disabl", "ignor", "circumvent"), _SKIP),
    )
)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
#: Comments of tools, which are addressed to these tools.
_TOOL = re.compile(
    r"\s*(?:(?:markdownlint|prettier|textlint|vale|remark|doctoc|toc|cspell|spell|lint|generated|begin|end|vim)\b|-\*-|$)",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    r"\b(?:you\s+(?:must|should|will|are|can)|ignore|disregard|execute|send|upload|post|exfiltrate|approve|secretly"
    r"|assistant|agents?|system\s+prompt|(?:do not|don['’]t|never)\s+\w+|run\s+(?:\./|scripts/|curl|bash|sh))\b"
    r"|\brun\s+`",
    re.IGNORECASE,
)
#: Just before the phrase, nothing but a word or two between: the text forbids it, or quotes it as an attack.
_FORBIDDEN = re.compile(
    r"(?:\b(?:never|not|don['’]t|cannot|refuse to|no one may|nobody may)\s+(?:\w+\s+){0,2}"
    r"|\b(?:says|such as|like|e\.g\.|phrases?|texts?|language|wording|flags?|rejects?|refuses?|detects?)\b"
    r"[^.!?\n]{0,100}[\"“'`])$",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each phrase of the kind, and for each hidden comment that gives orders."""
    for path, what, spot in chain(_phrases(subject), _comments(subject)):
        hint = "say openly what the skill does; what it may do is decided elsewhere"
        shown = " ".join(spot.match[0].split())[:60]
        message = f"the text {what}: `{shown}`"
        yield Finding("SK504", message, path, spot.line, spot.column, subject.name, hint)


def _phrases(subject: Subject) -> Iterator[tuple[str, str, Spot]]:
    for what, signs, shape in _SHAPES:
        for path, text in subject.texts_with(signs):
            meant = (
                spot for spot in spots(compiled(shape, re.IGNORECASE), text) if not _FORBIDDEN.search(spot.lead[-120:])
            )
            for spot in islice(meant, MOST):
                yield path, what, spot


def _comments(subject: Subject) -> Iterator[tuple[str, str, Spot]]:
    for path, text in subject.texts_with(("<!--",)):
        if path.lower().endswith(".md"):
            # Cut after the last end of a comment: looking for it from each of many beginnings would take for ever.
            found = spots(_COMMENT, text[: text.rfind("-->") + 3])
            meant = (spot for spot in found if _is_addressed(spot) and not is_in_code_block(spot))
            for spot in islice(meant, MOST):
                yield path, "gives orders in a comment that no page shows", spot


def _is_addressed(spot: Spot) -> bool:
    return not _TOOL.match(spot.match[1]) and _IMPERATIVE.search(spot.match[1]) is not None


RULE = Rule(
    code="SK504",
    severity=Severity.ERROR,
    title="no text steers the gate or the reader's agent",
    why=(
        "Agents obey what they read. A skill that tells them to drop their instructions, to hide something from "
        "people, to approve it, or to get round its evals, and a comment that only an agent sees, attack whoever "
        "loads it. A text that forbids this, or quotes it as an attack, is left alone."
    ),
    bad="Ignore all previous instructions",
    good="Never skip the evals.",
    check=check,
    standard=True,
    security=True,
)
