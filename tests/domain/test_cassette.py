"""Recorded answers: found for exactly the same request, and for no other."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from skillctl.domain import canonical, cassette
from skillctl.domain.cassette import Cassette, Entry
from skillctl.domain.exchange import Call, Reply, Request

BODY = {"model": "m1", "messages": [{"role": "user", "content": "2 + 40?"}], "max_tokens": 10}
INPUTS = {"skill": "s1", "prompt": "p1", "model": "m1", "runner": "r1"}


def request(body: Mapping[str, Any] = BODY, inputs: Mapping[str, str] = INPUTS, **changed: Any) -> Request:
    fields: dict[str, Any] = {"case": "adds", "arm": "with_skill", "trial": 1, "body": body, "made_of": lambda: inputs}
    return Request(**(fields | changed))


def entry(asked: Request | None = None, text: str = "42") -> Entry:
    asked = asked or request()
    return Entry(
        key=asked.key,
        case=asked.case,
        arm=asked.arm,
        trial=asked.trial,
        inputs=dict(asked.inputs),
        reply=Reply(text=text),
    )


def tape(*entries: Entry) -> Cassette:
    read = cassette.read(cassette.text(entries).encode())
    assert isinstance(read, Cassette)
    return read


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "m2"},
        {"max_tokens": 11},
        {"max_tokens": 10.0},
        {"max_tokens": "10"},
        {"temperature": 0},
        {"tools": []},
        {"messages": [{"role": "system", "content": "2 + 40?"}]},
        {"messages": [{"role": "user", "content": "2 + 40? "}]},
        {"messages": [{"role": "user", "content": "2 + 40?", "name": None}]},
        {"messages": []},
    ],
)
def test_whatever_differs_has_another_key(changed: dict[str, Any]) -> None:
    assert request(BODY | changed).key != request().key


def test_the_key_is_of_the_body_and_the_trial_alone() -> None:
    assert request(trial=2).key != request().key
    for same in (
        request(case="other"),
        request(arm="baseline"),
        request(inputs={}),
        request(dict(reversed(BODY.items()))),
    ):
        assert same.key == request().key
    assert request().key == canonical.sha256({"body": BODY, "trial": 1})


@given(one=_VALUE, trial=st.integers(1, 3))
def test_no_two_requests_share_a_key(one: Any, trial: int) -> None:
    """A body cannot pass for another one with another trial."""
    asked = request({"body": one}, trial=trial)
    assert asked.key != request({"body": [one]}, trial=trial).key
    assert asked.key != request({"body": one}, trial=trial + 1).key
    assert asked.key != request({"body": one, "trial": trial}, trial=trial).key


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (request(case="other"), "it was never recorded"),
        (request(arm="baseline"), "it was never recorded"),
        (request(trial=2), "trial 2 was never recorded"),
        (request(inputs=INPUTS | {"skill": "s2"}), "the skill changed after it was recorded"),
        (request(inputs=INPUTS | {"prompt": "p2"}), "the prompt changed after it was recorded"),
        (request(inputs=INPUTS | {"model": "m2", "runner": "r2"}), "the model changed after it was recorded"),
        (request(inputs=INPUTS | {"runner": "r2"}), "the runner changed after it was recorded"),
        (request(inputs=INPUTS | {"skill": "s2", "runner": "r2"}), "the skill changed after it was recorded"),
        (request(inputs={}), "the skill changed after it was recorded"),
        (request(), "the conversation took another turn"),
    ],
)
def test_a_miss_says_what_changed(asked: Request, why: str) -> None:
    assert tape(entry()).why_missing(asked) == why
    assert tape(entry(), entry(request({"seed": 1}, case="else"))).why_missing(asked) == why


def test_a_miss_compares_with_what_was_asked_for_the_same() -> None:
    """A judge that is the same runner leaves its answers to the same case and trial."""
    judged = entry(request({"model": "m1"}, inputs=INPUTS | {"skill": "none", "prompt": "rubric"}))
    answer = entry()
    asked = request(BODY | {"seed": 1}, inputs=INPUTS | {"runner": "r2"})
    for order in ((judged, answer), (answer, judged)):
        both = Cassette({one.key: one for one in order})
        assert both.why_missing(asked) == "the runner changed after it was recorded"


_REPLY = st.builds(
    Reply,
    text=_TEXT,
    calls=st.lists(
        st.builds(Call, id=_TEXT, name=_TEXT.filter(bool), arguments=st.dictionaries(_TEXT, _VALUE, max_size=3)),
        max_size=2,
    ),
    input_tokens=st.none() | st.integers(0, 10**12),
    output_tokens=st.none() | st.integers(0, 10**12),
    finish=st.none() | _TEXT,
    seconds=st.none() | st.floats(0, 1e6),
)
_ENTRY = st.builds(
    Entry,
    key=st.from_regex(r"\A[0-9a-f]{64}\Z"),
    case=_TEXT,
    arm=_TEXT,
    trial=st.integers(),
    inputs=st.dictionaries(_TEXT, _TEXT, max_size=3),
    reply=_REPLY,
)


@given(entries=st.lists(_ENTRY, max_size=4, unique_by=lambda one: one.key))
def test_what_is_written_is_read_again(entries: list[Entry]) -> None:
    text = cassette.text(entries)
    read = cassette.read(text.encode())
    assert isinstance(read, Cassette)
    assert dict(read.entries) == {one.key: one for one in entries}
    assert cassette.text(read.entries.values()) == cassette.text(reversed(entries)) == text
    assert text.count("\n") == len(entries)


@given(raw=st.binary(max_size=60))
def test_whatever_the_bytes_are_they_are_read_or_refused(raw: bytes) -> None:
    read = cassette.read(raw)
    assert isinstance(read, Cassette) or read.startswith("line ")


GOOD = cassette.text([entry()])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}\n", "line 1 is no recorded answer"),
        (GOOD + "\n", "line 2 is no recorded answer"),
        (GOOD + "x\n", "line 2 is no recorded answer"),
        (GOOD.replace('"trial":1', '"trial":1,"extra":1'), "line 1 is no recorded answer"),
        (GOOD.replace('"trial":1', '"trial":"1"'), "line 1 is no recorded answer"),
        (GOOD.replace(request().key, "x"), "line 1 is no recorded answer"),
        (GOOD.replace('"42"', '"\\ud800"'), "line 1 is no recorded answer"),
        (GOOD[:-3], "line 1 is no recorded answer"),
        ("<<<<<<< ours\n" + GOOD, "line 1 is no recorded answer"),
        # A line that comes after would take the place of the one that was reviewed.
        (GOOD + GOOD, "line 2 answers a request that a line before it answers"),
        (GOOD + GOOD.replace('"42"', '"43"'), "line 2 answers a request that a line before it answers"),
    ],
)
def test_what_is_no_cassette(text: str, why: str) -> None:
    assert cassette.read(text.encode("utf-8", "surrogatepass")) == why


def test_nothing_is_an_empty_cassette() -> None:
    assert cassette.read(b"") == Cassette({})
    assert cassette.text([]) == ""


def test_an_entry_is_one_line_without_what_is_not_said() -> None:
    assert (
        '{"arm":"with_skill","case":"adds","inputs":{"model":"m1","prompt":"p1","runner":"r1","skill":"s1"},'
        f'"key":"{request().key}","reply":{{"calls":[],"text":"42"}},"trial":1}}\n'
    ) == GOOD


def test_the_order_is_that_of_the_cases() -> None:
    listed = [
        entry(request(case="b")),
        entry(request(case="a", trial=2)),
        entry(request({"model": "x"}, case="a", arm="baseline")),
    ]
    lines = cassette.text(listed).splitlines()
    found = [Entry.model_validate_json(line) for line in lines]
    assert [(one.case, one.arm, one.trial) for one in found] == [
        ("a", "baseline", 1), ("a", "with_skill", 2), ("b", "with_skill", 1)
    ]  # fmt: skip


def test_paths() -> None:
    path = cassette.path_of("adder", "live")
    assert (path, cassette.signature_of(path)) == (
        "evals/adder/cassettes/live.jsonl", "evals/adder/cassettes/live.jsonl.sig"
    )  # fmt: skip


@pytest.mark.parametrize("changed", [{"input_tokens": -1}, {"output_tokens": 10**400}, {"seconds": -0.1}, {"text": 1}])
def test_what_is_no_reply(changed: dict[str, Any]) -> None:
    """A count that no float can hold would end a whole run when it is priced."""
    with pytest.raises(ValidationError):
        Reply.model_validate({"text": "42"} | changed)
