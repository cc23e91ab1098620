"""A secret is hidden wherever a line of its file is shown."""

from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain.places import place_of, yaml_counts_otherwise
from skillctl.domain.secrets import masked

KEY = "kT94vRq2LmZ8wXc1"
BEGIN, END = ("-----" + word + " OPENSSH PRIVATE KEY-----\n" for word in ("BEGIN", "END"))
PEM = BEGIN + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n" * 3 + END


def test_what_follows_the_first_four_characters_is_hidden() -> None:
    assert masked(f'password = "{KEY}"  # {KEY}') == f'password = "kT94{"*" * 12}"  # {KEY}'


def test_a_private_key_is_hidden_on_all_its_lines() -> None:
    hidden = masked(f"a\n{PEM}b\n")
    assert "b3Blbn" not in hidden
    assert hidden.count("\n") == f"a\n{PEM}b\n".count("\n")
    assert hidden.startswith("a\n----")
    assert hidden.endswith("b\n")


def test_what_is_none_stays() -> None:
    text = "the token is in ${TOKEN}, see https://example.test/hooks/\n"
    assert masked(text) == text


@given(st.text(), st.text())
def test_lines_and_lengths_stay(before: str, after: str) -> None:
    text = f'{before}\napi_key: "{KEY}"\n{after}'
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert hidden.split("\n")[before.count("\n") + 1] == f'api_key: "kT94{"*" * 12}"'


def test_places() -> None:
    text = "a\r\nb\rc\nd\u2028e\x85f"
    assert [place_of(text, text.index(char)) for char in "abcdef"] == [(0, 0), (1, 0), (2, 0), (3, 0), (3, 2), (3, 4)]
    assert place_of(text, 999) == (3, 5)
    assert [yaml_counts_otherwise(one) for one in ("a\nb", "é", "a\u2028", "\x85")] == [False, False, True, True]
