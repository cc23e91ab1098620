"""Quorum: who counts, who does not and why, and what a reader is told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain.person import Person, RetiredKey
from skillctl.domain.quorum import Quorum, mail_of, quorum, quorum_of_suite
from tests.domain.made import gate

ANA, MARIA, JUN = (
    Person(emails=[f"{name}@example.test", f"{name}@home.test"], keys=[f"ssh-ed25519 {name.upper()} comment"])
    for name in ("ana", "maria", "jun")
)
PEOPLE = {"ana": ANA, "maria": MARIA, "jun": JUN, "robot": Person(keys=["ssh-ed25519 R"], bot=True)}
BY_ANA = ["Ana Author <ana@example.test>"]


def reached(*signers: str, **changed: Any) -> Quorum:
    asked: dict[str, Any] = {"gate": gate(approvals=1), "people": PEOPLE, "authors": BY_ANA, "growth": ()} | changed
    return quorum("adder", asked["gate"], asked["people"], asked["authors"], signers, asked["growth"])


@pytest.mark.parametrize(
    ("signers", "changed", "counted", "refused"),
    [
        (["maria"], {}, ["maria"], {}),
        (["maria", "maria"], {}, ["maria"], {}),
        (["maria", "jun"], {}, ["jun", "maria"], {}),
        (["ana"], {}, [], {"ana": "an author of the content"}),
        (["ana"], {"authors": ["X <ANA@Home.Test>"]}, [], {"ana": "an author of the content"}),
        (["robot"], {}, [], {"robot": "a bot"}),
        (["eve"], {}, [], {"eve": "nobody of that name is in `people` of the base"}),
        (
            ["maria"],
            {"gate": gate(approvals=1, approvers=("jun",))},
            [],
            {"maria": "not among the approvers"},
        ),
        (
            ["maria", "marie"],
            {"people": {**PEOPLE, "marie": Person(keys=["ssh-ed25519 MARIA another"])}},
            ["maria"],
            {"marie": "the same person as `maria`"},
        ),
        (
            ["maria", "marie"],
            {"people": {**PEOPLE, "marie": Person(emails=[" MARIA@home.test "], keys=["k"])}},
            ["maria"],
            {"marie": "the same person as `maria`"},
        ),
        (
            ["anna"],
            {"people": {**PEOPLE, "anna": Person(keys=[RetiredKey(key="ssh-ed25519 ANA", retired="2020-01-01")])}},
            [],
            {"anna": "an author of the content"},
        ),
        (
            ["c"],  # the same as `a`, who wrote it, by way of `b`
            {
                "people": {
                    "a": Person(emails=["ana@example.test", "x"]),
                    "b": Person(emails=["x"], keys=["k 1"]),
                    "c": Person(keys=["k 1"]),
                }
            },
            [],
            {"c": "an author of the content"},
        ),
    ],
)
def test_who_counts(signers: list[str], changed: dict[str, Any], counted: list[str], refused: dict[str, str]) -> None:
    found = reached(*signers, **changed)
    assert (list(found.counted), dict(found.refused)) == (counted, refused)


def test_what_is_reached_says_nothing() -> None:
    found = reached("maria")
    assert (found.is_reached, found.reasons(), found.said()) == (True, [], "1 of 1 approvals")


def test_where_nothing_is_asked_nobody_is_looked_at() -> None:
    found = reached("ana", gate=gate(), authors=["who <knows>"], growth=["tool `x.y`"])
    assert (found, found.is_reached, found.reasons()) == (Quorum("adder", 0), True, [])


def test_more_power_takes_one_more_and_says_why() -> None:
    found = reached("maria", growth=["tool `x.y`"])
    assert found.said() == "1 of 2 approvals; 1 more because of: tool `x.y`"
    (reason,) = found.reasons()
    assert (reason.code, reason.observed) == ("unapproved", "1 approvals (maria)")
    assert reason.required == "2; 1 more because of: tool `x.y`"
    assert reason.hint == "run `skillctl approve adder` as one of: jun"
    many = reached(growth=[f"host `{number}`" for number in range(7)])
    assert many.said().endswith("host `4` and 2 more")


def test_a_refusal_says_who_does_not_count_and_who_could() -> None:
    (reason,) = reached("ana", "robot").reasons()
    assert (
        reason.observed == "0 approvals; `ana` does not count: an author of the content; `robot` does not count: a bot"
    )
    assert (reason.required, reason.hint) == ("1", "run `skillctl approve adder` as one of: jun, maria")


def test_where_nobody_is_left_the_policy_is_named() -> None:
    few = reached(gate=gate(approvals=3))
    assert few.reasons()[0].hint == (
        "only jun, maria could still approve: have more people in the policy first, in a change of its own"
    )
    none = reached("maria", "jun", gate=gate(approvals=3))
    assert none.reasons()[0].hint == (
        "nobody else could approve it: have more people in the policy first, in a change of its own"
    )


def test_an_author_whom_nobody_knows_is_a_reason() -> None:
    found = reached("maria", authors=[*BY_ANA, "M <second@mail.test>", "no mail"])
    assert not found.is_reached
    (reason,) = found.reasons()
    assert (reason.code, reason.observed) == ("unknown-author", "M <second@mail.test>, no mail")


def test_a_suite_takes_one_approver_whatever_the_gate_asks() -> None:
    found = quorum_of_suite("adder", gate(), PEOPLE, BY_ANA, ["ana"])
    assert (found.needed, found.counted) == (1, ())
    assert found.reasons()[0].hint == "run `skillctl approve adder --suite` as one of: jun, maria"
    assert quorum_of_suite("adder", gate(approvals=2), PEOPLE, BY_ANA, ["jun"]).is_reached


@pytest.mark.parametrize(
    ("author", "mail"),
    [("Ana <A@b.Test>", "a@b.test"), ("Ana <x> <a@b>", "a@b"), ("a@b", "a@b"), ("<>", ""), ("Ana < a@b >", "a@b")],
)
def test_the_mail_of_an_author(author: str, mail: str) -> None:
    assert mail_of(author) == mail


SOME = st.sampled_from(["ana", "maria", "jun", "bob", "robot", "eve"])
PERSON = st.builds(
    Person,
    emails=st.lists(st.sampled_from(["a@x", "b@x", "c@x", "A@X"]), max_size=2),
    keys=st.lists(st.sampled_from(["k 1", "k 2", "k 3", "k 4 note"]), max_size=2),
    bot=st.booleans(),
)
CASES = {
    "people": st.dictionaries(SOME, PERSON, max_size=6),
    "authors": st.lists(st.sampled_from(["A <a@x>", "B <b@x>", "C <c@x>", "D <d@x>"]), max_size=3),
    "signers": st.lists(SOME, max_size=8),
    "approvals": st.integers(0, 4),
    "growth": st.lists(st.just("tool `x`"), max_size=1),
    "approvers": st.none() | st.lists(SOME, max_size=4).map(tuple),
}


@given(**CASES)
def test_nobody_counts_who_may_not(
    people: dict[str, Person], authors: list[str], signers: list[str], approvals: int, growth: list[str], approvers: Any
) -> None:
    asked = gate(approvals=approvals, approvers=approvers)
    found = quorum("adder", asked, people, authors, signers, growth)
    mails = {mail_of(author) for author in authors}
    for name in found.counted:
        assert name in signers
        assert not people[name].bot
        assert approvers is None or name in approvers
        assert mails.isdisjoint(mail.casefold() for mail in people[name].emails)
    marks = [
        {
            *(mail.casefold() for mail in people[name].emails),
            *(" ".join(str(key).split()[:2]) for key in people[name].keys),
        }
        for name in found.counted
    ]
    assert sum(map(len, marks)) == len(set().union(*marks)), "each counts once"
    assert found.needed == (approvals + len(growth) if approvals else 0)
    assert (not found.reasons()) is found.is_reached
    if approvals:
        assert set(found.counted) | dict(found.refused).keys() == set(signers)
        assert set(found.able).isdisjoint(found.counted)


@given(**CASES)
def test_one_more_signature_takes_nothing_away(
    people: dict[str, Person], authors: list[str], signers: list[str], approvals: int, growth: list[str], approvers: Any
) -> None:
    asked = gate(approvals=approvals, approvers=approvers)
    some = quorum("adder", asked, people, authors, signers[1:], growth)
    more = quorum("adder", asked, people, authors, signers, growth)
    assert len(some.counted) <= len(more.counted) <= len(some.counted) + 1
