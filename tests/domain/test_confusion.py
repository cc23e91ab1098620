"""How well skills are told apart."""

from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain.confusion import Choice, Confusion, Score, confusion

names = st.sampled_from(["a", "b", "c"])
choices = st.lists(st.builds(Choice, names, st.booleans(), st.none() | names))


def test_scores_and_table() -> None:
    assert confusion(
        [
            Choice("a", fires=True, selected="a"),
            Choice("a", fires=True, selected="b"),
            Choice("a", fires=True, selected=None),
            Choice("a", fires=False, selected="a"),
            Choice("a", fires=False, selected="c"),
            Choice("a", fires=False, selected=None),
            Choice("b", fires=True, selected="b"),
        ]
    ) == Confusion(
        scores=(Score("a", 1, 2, 1), Score("b", 1, 0, 1), Score("c", 0, 0, 0)),
        table={"a": {"a": 1, "b": 1, None: 1}, "b": {"b": 1}},
    )
    assert confusion([]) == Confusion((), {})


def test_shares_of_what_was_counted() -> None:
    assert (Score("a", 3, 1, 0).precision, Score("a", 3, 1, 0).recall) == (1.0, 0.75)
    assert (Score("a", 0, 0, 2).precision, Score("a", 0, 0, 2).recall) == (0.0, None)
    assert Score("a", 0, 2, 0).precision is None


@given(choices)
def test_every_case_is_counted_once(made: list[Choice]) -> None:
    found = confusion(made)
    firing = [choice for choice in made if choice.fires]
    assert sum(score.hits + score.misses for score in found.scores) == len(firing)
    assert sum(sum(row.values()) for row in found.table.values()) == len(firing)
    assert sum(score.hits for score in found.scores) == sum(choice.is_right for choice in firing)
    wrong = [choice for choice in made if not choice.is_right and choice.selected is not None]
    assert sum(score.false_alarms for score in found.scores) == len(wrong)
    assert {score.skill for score in found.scores} == {c.skill for c in made} | {c.selected for c in made} - {None}
