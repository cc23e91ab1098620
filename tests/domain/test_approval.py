"""`approval.json`: the statement over a version's files, written one way and read strictly."""

import hashlib
import json

import pytest

from skillctl.domain import approval, canonical
from skillctl.domain.digest import measure_skill
from skillctl.domain.tree import TreeFile
from tests.domain.made import evidence

FILES = {"skill.yaml": b"name: adder\nstatus: approved\n", "scripts/add.py": b"print(42)\n"}


def statement() -> approval.Statement:
    entries = [
        TreeFile(f"skills/adder/{path}", "100755" if path.endswith(".py") else "100644", hashlib.sha1(raw).hexdigest())
        for path, raw in FILES.items()
    ]
    content = measure_skill("skills/adder", entries, {f"skills/adder/{path}": raw for path, raw in FILES.items()})
    return approval.state(content, evidence(skill_digest=content.digest), ["Ana <ana@example.test>"])


def test_what_it_says() -> None:
    said = json.loads(statement().text())
    assert (said["_type"], said["predicateType"]) == ("https://in-toto.io/Statement/v1", "urn:skillctl:approval:v1")
    assert said["subject"] == [
        {
            "name": path,
            "digest": {
                "sha256": hashlib.sha256(FILES[path]).hexdigest(),
                "gitBlob": hashlib.sha1(FILES[path]).hexdigest(),
            },
            "annotations": {"mode": mode},
        }
        for path, mode in (("scripts/add.py", "100755"), ("skill.yaml", "100644"))
    ]
    predicate = said["predicate"]
    assert (predicate["skill"], predicate["version"]) == ("adder", "1.0.0")
    assert predicate["step"] == {"from": "candidate", "to": "approved"}
    assert predicate["digest"] == predicate["evidence"]["skill_digest"]
    assert predicate["policyDigest"] == predicate["evidence"]["policy_digest"]
    assert approval.path_of("adder", "1.0.0") == "approvals/adder/1.0.0/approval.json"


def test_what_is_written_is_read_again() -> None:
    text = statement().text()
    again = approval.read(text.encode())
    assert isinstance(again, approval.Statement)
    assert again == statement()
    assert again.text() == text


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{", "", "it is not JSON: "),
        (
            '},\n    "version": "1.0.0"',
            '},\n    "version": "1"',
            "`predicate.version`: `1` is not a semantic version such as `1.4.0`",
        ),
        ('"to": "approved"', '"to": "draft"', "`predicate.step.to` is `draft`; it must be one of `approved`"),
        ('"authors":', '"autors":', "`predicate.authors` is missing"),
        ('"dirty": false', '"dirty": "no"', "`predicate.evidence.dirty` must be true or false, not `no`"),
        (
            '"pass_rate": 1.0',
            '"pass_rate": NaN',
            "`predicate.evidence.pass_rate` must be a number, not the number `nan`",
        ),
        ('"pass_rate": 1.0', '"pass_rate": 2', "`predicate.evidence.pass_rate` is the number `2"),
        (
            '"mode": "100755"',
            '"mode": "120000"',
            "`subject.0.annotations.mode` is `120000`; it must be one of `100644`, `100755`",
        ),
    ],
)
def test_what_is_no_approval(old: str, new: str, sentence: str) -> None:
    text = statement().text()
    assert old in text
    said = approval.read(text.replace(old, new, 1).encode())
    assert isinstance(said, str)
    assert said.startswith(sentence)
    assert "nput should" not in said


def test_no_subject_and_an_unknown_key() -> None:
    said = json.loads(statement().text())
    assert approval.read(json.dumps(said | {"subject": []}).encode()) == "`subject` is empty"
    assert approval.read(json.dumps(said | {"x": 1}).encode()) == "`x` is not a known key"


def test_one_spelling_of_json() -> None:
    value = {"b": [1, {"ä": None}], "a": "x"}
    assert canonical.text(value) == '{"a":"x","b":[1,{"ä":null}]}'
    assert canonical.sha256(value) == hashlib.sha256(canonical.text(value).encode()).hexdigest()
    assert canonical.pretty({"b": 1, "a": 2}) == '{\n  "a": 2,\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical.text(float("nan"))


def test_where_signatures_lie_and_what_those_over_suites_are_over() -> None:
    assert approval.signature_path_of("adder", "1.0.0", "maria") == "approvals/adder/1.0.0/maria.sig"
    digest = "sha256:" + "a" * 64
    assert approval.suite_signature_path_of("adder", digest, "maria") == f"approvals/adder/suites/{'a' * 64}/maria.sig"
    assert approval.suite_text("adder", digest) == f'{{"skill":"adder","suite":"{digest}"}}\n'.encode()


@pytest.mark.parametrize(
    ("known", "version", "before"),
    [
        ([], "1.0.0", None),
        (["1.0.0"], "1.0.0", None),
        (["2.0.0"], "1.0.0", None),
        (["1.9.0", "1.10.0", "2.0.0"], "2.0.0", "1.10.0"),
        (["1.0.0", "3.0.0"], "2.0.0", "1.0.0"),
    ],
)
def test_the_last_version_that_was_approved_before_one(known: list[str], version: str, before: str | None) -> None:
    approvals = {one: statement().model_copy(update={"type_": one}) for one in known}
    found = approval.last_before(approvals, version)
    assert (found.type_ if found is not None else None) == before
