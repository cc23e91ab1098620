"""What is shown on a terminal: nothing that a skill's author wrote moves the cursor, and 80 columns are enough."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skillctl.cli import draw
from tests.shop import Shop

EVIL = "\x1b]0;owned\x07\x1b[2K\r\x9b1A\u202eevil\u2066\x7f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain größe 日本 👩‍💻\u00a0.", "plain größe 日本 👩‍💻\u00a0."),
        ("a\x1b[2Kb", "a\\x1b[2Kb"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u202e\u2066\u200f\u2028\ufeff", "\\u202e\\u2066\\u200f\\u2028\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("caf\udce9", "caf\\xe9"),
        ("[red]x[/red] :smile:", "[red]x[/red] :smile:"),
    ],
)
def test_what_is_not_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    screen = draw.console()
    with screen.capture() as drawn:
        draw.line(screen, text)
        draw.paragraphs(screen, "a")
        draw.table(screen, ("head",), [(text,)])
    lines = [line.rstrip() for line in drawn.get().splitlines()]
    assert lines[0] == shown
    assert lines[-1].strip() == shown


@pytest.fixture
def evil_shop(draft_shop: Path, tmp_path: Path) -> Shop:
    """A skill whose every text is hostile, and a file whose name is."""
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    sheet = {"name": "adder", "description": f"Adds.\n{EVIL}", "license": EVIL}
    front = "\n".join(f"{key}: {json.dumps(value)}" for key, value in sheet.items())
    shop.write("skills/adder/SKILL.md", f"---\n{front}\n---\n\nx [gone](references/no\x1b[1A.md)\n")
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text().replace("[sums]\ntags", f"[{json.dumps(EVIL)}]\ntags"))
    shop.write("skills/evil\nname/skill.yaml", "name: x\n")
    shop.write("skills/\x1b[2Jname/skill.yaml", "name: x\n")
    return shop


@pytest.mark.parametrize(
    "words", ["validate", "list", "show adder", "load", "history adder", "eval adder", "show ad\x1b"]
)
def test_a_hostile_skill_shows_no_control_characters(evil_shop: Shop, words: str) -> None:
    for answer in (evil_shop.typed(*words.split(" ")), evil_shop.skillctl(*words.split(" "))):
        for text in (answer.out, answer.err):
            assert not [char for char in text if char != "\n" and not char.isprintable()], text
        assert answer.exit_code != 4


def test_a_finding_is_one_line(evil_shop: Shop) -> None:
    lines = evil_shop.typed("validate").out.splitlines()
    assert any("skills/evil\\nname/skill.yaml:1:1 error" in line for line in lines)
    assert not any(line.startswith("name") for line in lines)


def test_a_name_that_is_not_utf8(draft_shop: Path, tmp_path: Path) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    folder = bytes(shop.root) + b"/skills/caf\xe9"
    Path(folder.decode("utf-8", "surrogateescape")).mkdir()
    (Path(folder.decode("utf-8", "surrogateescape")) / "skill.yaml").write_text("name: x\n")
    assert "skills/caf\\xe9/skill.yaml:1:1" in shop.typed("validate").out
    assert any("caf\udce9" in one["file"] for one in shop.skillctl("validate").envelope["findings"])


LONG = "a-name-as-long-as-the-standard-allows-for-a-skill-and-not-longer"
VERSION = "10.20.30-release.candidate.1+build.20261122.0123456789abcdef"


def test_a_long_text_is_wrapped_in_its_column_and_names_stay_whole() -> None:
    text = "every word of it is to be read, whatever the width is, and nothing of it is lost at the edge"
    shown = draw.rendered(lambda screen: draw.table(screen, ("skill", "text"), [(LONG[:40], text)]))
    assert all(len(line.rstrip()) <= 80 for line in shown.splitlines())
    assert LONG[:40] in shown
    assert " ".join(shown.replace(LONG[:40], "").split()).endswith(text)


def test_a_row_that_does_not_fit_becomes_a_list() -> None:
    shown = draw.rendered(lambda screen: draw.table(screen, ("skill", "version"), [(LONG, VERSION), ("b", "1.0.0")]))
    assert shown == f"skill:   {LONG}\nversion: {VERSION}\n\nskill:   b\nversion: 1.0.0\n\n"


def test_long_names_are_readable_at_80_columns(draft_shop: Path, tmp_path: Path) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    shop.add_skill(LONG, version=VERSION)
    sheet = shop.root / f"skills/{LONG}/SKILL.md"
    sheet.write_text(sheet.read_text().replace("Adds.", "Adds one number to another, and says so. " * 8))
    for number in range(20):
        shop.write(f"skills/{LONG}/references/a-file-{number}.md", "x")
    shop.commit()
    shop.approve(LONG)
    assert shop.typed("deprecate", LONG, "--reason", "the other one does it better " * 5).exit_code == 0
    for words in (("list",), ("show", LONG), ("history", LONG)):
        lines = shop.typed(*words).out.splitlines()
        ids = f"{LONG}@{VERSION}"
        assert [line for line in lines if len(line) > 80 and line != ids] == []
        assert any(VERSION in line for line in lines)


def test_an_encoding_without_our_characters_is_no_trouble(draft_shop: Path) -> None:
    command = [sys.executable, "-m", "skillctl", "-C", str(draft_shop), "list"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
