"""What is nearly the same is found without looking at all pairs."""

from skillctl.domain.cycles import cycles
from skillctl.domain.likeness import near_names, near_texts

TEXT = "Reconciles the bank statement of a month with the ledger and lists what is open"


def test_names_at_distance_one_or_without_hyphens() -> None:
    assert near_names({"taxes", "taxs", "tax", "ta-xes", "rates"}) == {
        "taxes": ["ta-xes", "taxs"],
        "taxs": ["tax", "taxes"],
        "tax": ["taxs"],
        "ta-xes": ["taxes"],
    }
    assert near_names({"cat", "car", "dog"}) == {"car": ["cat"], "cat": ["car"]}
    assert near_names({"abc", "bcd"}) == {}


def test_names_that_differ_in_a_number_are_meant_to() -> None:
    assert near_names({"step-1", "step-2", "step-12"}) == {}


def test_texts_with_a_word_changed() -> None:
    assert near_texts({"a": TEXT, "b": TEXT.replace("month", "year"), "c": "Answers what nobody asked", "d": ""}) == {
        "a": ["b"],
        "b": ["a"],
    }


def test_texts_that_share_rare_words_only() -> None:
    often = {"c": "p q r s t u v w k1", "d": "p q r s t u v w k2"}
    assert near_texts({"a": "x y p q r s", "b": "x y t u v w", **often}) == {}


def test_texts_that_differ_in_a_number_are_meant_to() -> None:
    assert near_texts({"a": TEXT + " 1", "b": TEXT + " 2"}) == {}
    assert near_texts({"a": TEXT + " 1", "b": TEXT + " 1"}) == {"a": ["b"], "b": ["a"]}


def test_many_alike_texts_are_compared_with_a_few() -> None:
    near = near_texts({f"{n:04}": TEXT for n in range(2000)})
    assert len(near) == 2000
    assert len(near["1999"]) == 20


def test_circles() -> None:
    assert cycles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"], "e": ["e", "gone"], "f": []}) == {
        "a": ("a", "b", "c"),
        "b": ("b", "c", "a"),
        "c": ("c", "a", "b"),
    }
    assert cycles({"a": ["b", "c"], "b": ["a"], "c": ["a"]}) == {"a": ("a", "b"), "b": ("b", "a")}
    assert cycles({"a": ["b", "c"], "b": ["d"], "c": [], "d": []}) == {}
