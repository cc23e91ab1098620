"""Findings as SARIF 2.1.0, which code scanning of GitHub and the viewers of many editors read.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
What GitHub makes of it: https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from skillctl.cli.draw import plain
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: Where GitHub draws its lines: from 7.0 on it is high, from 4.0 on medium.
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0"}
#: Halves of pairs that stand for no byte of a file name.
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
#: What would end the text of a link, `[text](target)`, with the backslashes before it.
_LINK = re.compile(r"(\\*)\]\(")


def text(findings: Sequence[Finding], rules: Sequence[Rule], version: str) -> str:
    """One run with a result for each finding, and with those of `rules` that occur; the same bytes for the same input.

    It is ASCII, so it is the same file whatever the encoding of the stream is.
    """
    codes = {finding.code for finding in findings}
    occurring = [rule for rule in rules if rule.code in codes]
    driver = {"name": "skillctl", "semanticVersion": version, "rules": [_rule(rule) for rule in occurring]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(findings, {rule.code: index for index, rule in enumerate(occurring)})),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    security = {"security-severity": _SECURITY_SEVERITY[rule.severity]} if rule.security else {}
    return {
        "id": plain(rule.code),
        "name": _name(rule.title),
        "shortDescription": {"text": plain(rule.title)},
        "fullDescription": {"text": plain(rule.why)},
        "help": {"text": _help(rule, ""), "markdown": _help(rule, "**")},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": ["skills", *(["security"] if rule.security else [])], **security},
    }


def _name(title: str) -> str:
    """A title as the identifier that SARIF wants beside the code: `NoFileHoldsASecret`."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"\w+", title.replace("'", "")))


def _help(rule: Rule, mark: str) -> str:
    parts = [plain(rule.why)]
    for word, example in (("Bad", rule.bad), ("Good", rule.good)):
        parts.append(f"{mark}{word}:{mark}")
        parts.append("\n".join(f"    {plain(line)}".rstrip() for line in example.rstrip("\n").split("\n")))
    return "\n\n".join(parts) + "\n"


def _results(findings: Sequence[Finding], indices: dict[str, int]) -> Iterator[dict[str, Any]]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        same = (finding.code, finding.file, finding.message)
        seen[same] += 1
        index = {"ruleIndex": indices[finding.code]} if finding.code in indices else {}
        yield {
            "ruleId": plain(finding.code),
            **index,
            "level": finding.severity.value,
            "message": {"text": _message(finding)},
            "locations": [{"physicalLocation": _location(finding)}],
            "partialFingerprints": {"skillctl/v1": _fingerprint(*same, seen[same])},
        }


def _message(finding: Finding) -> str:
    # Viewers make links of `[text](target)` in plain messages too, and the target is an author's.
    hint = f"\nhint: {plain(finding.hint)}" if finding.hint else ""
    return _LINK.sub(r"\1\1\\](", plain(finding.message) + hint)


def _location(finding: Finding) -> dict[str, Any]:
    # A colon is quoted too: what stands before the first one would be a scheme.
    uri = quote(_NO_BYTE.sub("\ufffd", finding.file), safe="/", errors="surrogateescape")
    return {
        "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }


def _fingerprint(code: str, file: str, message: str, occurrence: int) -> str:
    """What stays when lines are shifted; JSON keeps the parts apart, and has a form for halves of pairs."""
    return hashlib.sha256(json.dumps([code, file, message, occurrence]).encode()).hexdigest()
