"""Suppressions: findings that somebody has looked at and lets stand, each with a reason and, if wanted, a last day.

x-skillctl-ignore:
  - {code: SK212, reason: "the short name is the trade's own word", until: "2027-03-31"}
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from skillctl.domain.document import Document
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.judgement import Ignore
from skillctl.domain.naming import nearest

KEY = "x-skillctl-ignore"
_KEYS = ("code", "reason", "until")


def read(document: Document, skill: str, known: Collection[str]) -> tuple[tuple[Ignore, ...], list[Finding]]:
    """The suppressions of a definition, and a finding for each that is none; `known` codes can be suppressed."""
    listed = document.data.get(KEY)
    if listed is None:
        return (), []
    if not isinstance(listed, list):
        place = document.place((KEY,))
        hint = f'write `{KEY}: [{{code: SK212, reason: "…"}}]`'
        message = f"`{KEY}` must be a list"
        return (), [Finding("SK601", message, document.file, place.line, place.column, skill, hint)]
    ignores, findings = [], []
    for number, item in enumerate(listed):
        place = document.place((KEY, number))
        said: Mapping[str, Any] = item if isinstance(item, dict) else {}
        ignore = Ignore(str(said.get("code")), said.get("until"), document.file, place.line, place.column)
        problems = [ignore.finding("SK601", message, skill, hint) for message, hint in _problems(said, known)]
        findings += problems
        if not problems:
            ignores.append(ignore)
    return tuple(ignores), findings


def _problems(said: Mapping[str, Any], known: Collection[str]) -> Iterator[tuple[str, str | None]]:
    if not said:
        yield "a suppression is a mapping with `code` and `reason`", 'write `{code: SK212, reason: "…"}`'
        return
    for key in said:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            yield f"`{key}` is no key of a suppression", f"did you mean `{near}`?" if near else None
    code, reason, until = (said.get(key) for key in _KEYS)
    if not isinstance(code, str) or code not in known:
        yield f"`{code}` is no code that can be suppressed", "see `skillctl explain --all`; what cannot be read stays"
    if not isinstance(reason, str) or not reason.strip():
        yield f"the suppression of `{code}` has no reason", "say who looked at it, and why it may stand"
    if until is not None and not _is_day(until):
        yield f"`{until}` is no day", 'write it as "2027-03-31"'


def _is_day(text: Any) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def settled(
    findings: Iterable[Finding], ignores: Sequence[Ignore], skill: str, today: str, new: Collection[Finding]
) -> list[Finding]:
    """The findings on one skill that stand, with what is to be said of its suppressions.

    `new` are those errors of the security family that the change brings in: they stand whatever is suppressed.
    """
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for ignore in ignores:
        met = by_code.get(ignore.code, [])
        if ignore.until is not None and ignore.until < today:
            hint = "look again, and mend it or set another day"
            message = f"the suppression of `{ignore.code}` ended on {ignore.until}"
            by_code.setdefault("SK602", []).append(ignore.finding("SK602", message, skill, hint))
            continue
        kept = [finding for finding in met if finding in new]
        if kept:
            message = f"`{ignore.code}` cannot be suppressed by the change that brings it in"
            hint = "take it out; what was there before can be suppressed by a change of its own"
            by_code.setdefault("SK604", []).append(ignore.finding("SK604", message, skill, hint))
        elif not met:
            message = f"nothing is suppressed by this: there is no `{ignore.code}`"
            unused = ignore.finding("SK603", message, skill, "take it out", Severity.WARNING)
            by_code.setdefault("SK603", []).append(unused)
        by_code[ignore.code] = kept
    return [finding for found in by_code.values() for finding in found]
