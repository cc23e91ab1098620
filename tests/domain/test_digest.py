"""The identity of content: pinned vectors, what changes it, and what has none.

`golden/digest.json` was computed with `sha256sum` and `LC_ALL=C sort`, by none of the code under test: for each file
the line `mode SP sha256(text, or hashed where that is given) SP path LF`, the lines sorted, and `sha256sum` of them.
`hashed` is the definition with the characters of its `status` value taken out by hand. The plain skill, for example:

    a=$(printf -- '---\\nname: adder\\n---\\nAdd.\\n' | sha256sum | cut -d' ' -f1)
    b=$(printf 'name: adder\\nversion: "1.0.0"\\nstatus: \\nowners: [sums]\\n' | sha256sum | cut -d' ' -f1)
    printf '100644 %s SKILL.md\\n100644 %s skill.yaml\\n' $a $b | LC_ALL=C sort | sha256sum
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skillctl.domain.digest import (
    ByteSpan,
    Content,
    Unmeasurable,
    measure_skill,
    measure_suite,
    status_span,
)
from skillctl.domain.tree import TreeFile

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "digest.json").read_bytes())
DEFINITION = b'name: adder\nversion: "1.0.0"\nstatus: draft  # kept\nowners: [sums]\n'


def measured(files: dict[str, bytes], modes: dict[str, str] | None = None, folder: str = "skills/adder") -> Content:
    """The content of files by path within the folder."""
    entries = [
        TreeFile(f"{folder}/{path}", (modes or {}).get(path, "100644"), hashlib.sha1(raw).hexdigest())
        for path, raw in files.items()
    ]
    contents = {f"{folder}/{path}": raw for path, raw in files.items()}
    measure = measure_skill if folder.startswith("skills/") else measure_suite
    return measure(folder, entries, contents)


@pytest.mark.parametrize("vector", GOLDEN.values(), ids=GOLDEN)
def test_the_digests_that_are_pinned(vector: dict[str, Any]) -> None:
    files = {path: file["text"].encode() for path, file in vector["files"].items()}
    modes = {path: file["mode"] for path, file in vector["files"].items()}
    content = measured(dict(reversed(files.items())), modes, vector["folder"])
    assert content.digest == vector["digest"]
    assert "sha256:" + hashlib.sha256(content.manifest).hexdigest() == vector["digest"]


@pytest.mark.parametrize("vector", GOLDEN.values(), ids=GOLDEN)
def test_the_vectors_are_what_they_say(vector: dict[str, Any]) -> None:
    lines = [
        f"{file['mode']} {hashlib.sha256(file.get('hashed', file['text']).encode()).hexdigest()} {path}\n".encode()
        for path, file in vector["files"].items()
        if "left_out" not in file
    ]
    assert "sha256:" + hashlib.sha256(b"".join(sorted(lines))).hexdigest() == vector["digest"]


def test_the_plain_skill_in_plain_sight() -> None:
    plain = "sha256:078b46198d56b212467521ecda1cc5cdc1b70a855ccc1539a789fda821cf9f10"
    same = ("plain skill", "another status, the same digest", "quoted status")
    assert [GOLDEN[name]["digest"] for name in same] == [plain] * 3


def test_what_is_told_of_the_files() -> None:
    content = measured({"skill.yaml": DEFINITION, "scripts/a.py": b"1\n", "SKILL.md": b"x"}, {"scripts/a.py": "100755"})
    assert [(file.path, file.mode, file.size) for file in content.files] == [
        ("SKILL.md", "100644", 1),
        ("scripts/a.py", "100755", 2),
        ("skill.yaml", "100644", len(DEFINITION)),
    ]
    assert [file.sha256 for file in content.files][1] == hashlib.sha256(b"1\n").hexdigest()
    assert (content.definition, content.status_span) == ("skill.yaml", ByteSpan(DEFINITION.index(b"draft"), 5))
    suite = measured({"suite.yaml": b"x"}, folder="evals/adder")
    assert (suite.definition, suite.status_span) == (None, None)


STATUSES = [
    word
    for status in ("draft", "candidate", "approved", "deprecated")
    for word in (status, f"'{status}'", f'"{status}"')
]


@given(st.sampled_from(STATUSES), st.binary(max_size=50))
def test_the_status_never_changes_the_digest(status: str, other: bytes) -> None:
    assume(not other.startswith(b"version https://git-lfs"))
    files = {"skill.yaml": DEFINITION, "a": other}
    changed = files | {"skill.yaml": DEFINITION.replace(b"draft", status.encode())}
    assert measured(changed).digest == measured(files).digest


@given(st.data())
def test_any_other_byte_does(data: st.DataObject) -> None:
    files = {"skill.yaml": DEFINITION, "SKILL.md": b"---\nname: adder\n---\n", "scripts/a.py": b"print(1)\n"}
    path = data.draw(st.sampled_from(sorted(files)))
    raw = files[path]
    status = DEFINITION.index(b"draft")
    places = [at for at in range(len(raw)) if path != "skill.yaml" or not status <= at < status + len(b"draft")]
    at, byte = data.draw(st.sampled_from(places)), data.draw(st.integers(0, 255))
    assume(raw[at] != byte)
    changed = files | {path: raw[:at] + bytes([byte]) + raw[at + 1 :]}
    try:
        digest = measured(changed).digest
    except Unmeasurable:
        return
    assert digest != measured(files).digest


def test_a_mode_a_name_and_a_file_more_or_less_change_it() -> None:
    files = {"skill.yaml": DEFINITION, "a": b"x"}
    digests = {
        measured(files).digest,
        measured(files, {"a": "100755"}).digest,
        measured({"skill.yaml": DEFINITION, "b": b"x"}).digest,
        measured({"skill.yaml": DEFINITION}).digest,
        measured(files | {"b": b""}).digest,
    }
    assert len(digests) == 5


def test_recorded_answers_are_no_part_of_a_suite() -> None:
    suite = {"suite.yaml": b"skill: adder\n"}
    recorded = suite | {"cassettes/opus.jsonl": b"{}", "cassettes/deep/er.jsonl": b"{}"}
    assert measured(recorded, {"cassettes/opus.jsonl": "120000"}, "evals/adder") == measured(
        suite, folder="evals/adder"
    )
    assert measured(suite | {"cassettes": b""}, folder="evals/adder") != measured(suite, folder="evals/adder")


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


@pytest.mark.parametrize(
    ("files", "modes", "sentence"),
    [
        (
            {"skill.yaml": DEFINITION, "a": b""},
            {"a": "120000"},
            "`skills/adder/a` is a symbolic link; only plain files have an identity",
        ),
        (
            {"skill.yaml": DEFINITION, "a": b""},
            {"a": "160000"},
            "`skills/adder/a` is a submodule; only plain files have an identity",
        ),
        (
            {"skill.yaml": DEFINITION, "a": b""},
            {"a": "100664"},
            "`skills/adder/a` is of mode 100664; only plain files have an identity",
        ),
        (
            {"skill.yaml": DEFINITION},
            {"skill.yaml": "120000"},
            "`skills/adder/skill.yaml` is a symbolic link; only plain files have an identity",
        ),
        ({"skill.yaml": DEFINITION, "a": LFS}, {}, "`skills/adder/a` is a Git LFS pointer; commit the file itself"),
        ({"skill.yaml": DEFINITION, "a\nb": b""}, {}, "`skills/adder` holds a file with a line break in its name"),
        ({"skill.yaml": DEFINITION, "a\udcff": b""}, {}, "`skills/adder` holds a file whose name is not UTF-8"),
        (
            {"skill.yaml": DEFINITION, "ä" * 501: b""},
            {},
            "`skills/adder` holds a file whose path is longer than 1,000 bytes",
        ),
        (
            {"skill.yaml": DEFINITION, **{str(number): b"" for number in range(512)}},
            {},
            "`skills/adder` holds 513 files, more than 512",
        ),
        (
            {"skill.yaml": DEFINITION, "a": b"\0" * 2**23, "b": b"\0" * 2**23},
            {},
            "the files of `skills/adder` are larger than 16,777,216 bytes together",
        ),
        ({"SKILL.md": b""}, {}, "`skills/adder` has no `skill.yaml`"),
        ({"scripts/skill.yaml": DEFINITION}, {}, "`skills/adder` has no `skill.yaml`"),
        (
            {"skill.yaml": b"name: adder\n"},
            {},
            "`skills/adder/skill.yaml` cannot be measured: it has no plain `status`",
        ),
        (
            {"skill.yaml": b"status: [draft]\n"},
            {},
            "`skills/adder/skill.yaml` cannot be measured: it has no plain `status`",
        ),
        (
            {"skill.yaml": b"status: |-\n  draft\n"},
            {},
            "`skills/adder/skill.yaml` cannot be measured: it has no plain `status`",
        ),
        (
            {"skill.yaml": b"x: {status: draft}\n"},
            {},
            "`skills/adder/skill.yaml` cannot be measured: it has no plain `status`",
        ),
        (
            {"skill.yaml": b"status: a\nstatus: b\n"},
            {},
            "`skills/adder/skill.yaml` cannot be measured: the key `status` stands here a second time",
        ),
        ({"skill.yaml": b"\xff"}, {}, "`skills/adder/skill.yaml` cannot be measured: byte 0xff is not UTF-8"),
    ],
)
def test_what_has_no_identity(files: dict[str, bytes], modes: dict[str, str], sentence: str) -> None:
    with pytest.raises(Unmeasurable) as caught:
        measured(files, modes)
    assert str(caught.value) == sentence


def test_bytes_that_this_clone_lacks_are_said_to_be_missing() -> None:
    with pytest.raises(Unmeasurable, match="not in this clone"):
        measure_skill("skills/adder", [TreeFile("skills/adder/skill.yaml", "100644", "0" * 40)], {})


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (DEFINITION, b"draft"),
        (b"\xef\xbb\xbfstatus: 'draft'\r\n", b"'draft'"),
        ("a: '\U0001f600'\nstatus: \"draft\" # x".encode(), b'"draft"'),
        (b'{"a": "status", "status" :"draft"}', b'"draft"'),
        (b"notes: |\n  status: approved\nstatus: draft", b"draft"),
    ],
)
def test_the_bytes_of_the_status(raw: bytes, value: bytes) -> None:
    span = status_span(raw)
    assert raw[span.offset : span.offset + span.length] == value
