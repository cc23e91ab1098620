"""The target of the fuzzer as a plain test: every example, changes of examples, and any bytes at all."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillctl.domain.finding import Finding
from tests.fuzz.fuzz_validate import (
    EXAMPLES,
    MARK,
    PATHS,
    PLAIN,
    check,
    contents_of,
    pack,
    seeds,
    stands_somewhere,
    unpack,
)

SEEDS = tuple(seeds())
CHANGES = 600
#: What a parser or a rule may stumble over.
TOKENS = (
    *(
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\r",
        b"\r\n",
        b"\t",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\xe2\x80\x8b",
        b"\xf3\xa0\x81\x81",
    ),
    *(
        b"---\n",
        b"...\n",
        b"&a ",
        b"*a",
        b"!!map ",
        b"? ",
        b": ",
        b"- ",
        b"|\n",
        b">-\n",
        b"%YAML 1.2\n",
        b"<<: ",
        b"#",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"'",
        b"`",
        b"{" * 200,
        b"[" * 200,
        b"- " * 150,
        b"\\u0000",
        b"\\ud800",
        b"1e999",
        b".nan",
    ),
    *(
        b"0x1F",
        b"1:30",
        b"2026-01-01",
        b"~",
        b"null",
        b"yes",
        b"-0",
        b"1" * 5000,
        b"(a*)*b",
        b"](../x)",
        b"<!--",
        b"-->",
    ),
)


def changed(rng: random.Random) -> bytes:
    """An example with a few parts taken out, doubled, replaced or brought in from another one."""
    data = rng.choice(SEEDS)
    for _ in range(rng.randint(1, 6)):
        start = rng.randint(0, len(data))
        end = min(len(data), start + rng.choice((0, 0, 1, 2, 8, 40, 200)))
        other = rng.choice(SEEDS)
        at = rng.randint(0, len(other))
        put = rng.choice(
            (b"", rng.randbytes(rng.randint(1, 3)), rng.choice(TOKENS), data[start:end] * 2, other[at : at + 60])
        )
        data = data[:start] + put + data[end:]
    return data


def folders() -> Iterator[str]:
    return (str(path.relative_to(EXAMPLES)) for kind in ("valid", "invalid") for path in (EXAMPLES / kind).iterdir())


@pytest.mark.parametrize("name", sorted(folders()))
def test_an_example_is_an_input_that_means_itself(name: str) -> None:
    contents = contents_of(EXAMPLES / name)
    assert not any(MARK in raw for raw in contents.values())
    assert unpack(pack(contents)) == contents
    check(pack(contents))


def test_no_change_of_an_example_is_too_much() -> None:
    rng = random.Random(20261124)
    for _ in range(CHANGES):
        check_named(changed(rng))


def check_named(data: bytes) -> None:
    """Check, and show the input where that fails: it is in no file."""
    try:
        check(data)
    except Exception as problem:
        problem.add_note(f"the input is {data!r}")
        raise


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_judged(data: bytes) -> None:
    check(data)


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(st.integers(0, len(PATHS) - 1), st.binary(max_size=200), st.floats(0, 1))
def test_any_bytes_in_any_file_can_be_judged(number: int, put: bytes, part: float) -> None:
    old = PLAIN.get(PATHS[number], b"")
    at = int(part * len(old))
    check(bytes([number]) + old[:at] + put.replace(MARK, b"") + old[at:])


@pytest.mark.parametrize(
    ("line", "column", "stands"),
    [(1, 1, True), (2, 4, True), (3, 1, True), (2, 5, False), (4, 1, False), (0, 1, False), (1, 0, False)],
)
def test_a_place_that_is_none_is_seen(line: int, column: int, stands: bool) -> None:
    finding = Finding("SK001", "x", "f", line, column)
    assert stands_somewhere(finding, {"f": b"a\nabc\n"}) is stands
    assert stands_somewhere(finding, {}) is ((line, column) == (1, 1))
