"""The envelope, the exit codes and the help: what programs and people may rely on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skillctl.cli.commands import COMMANDS
from tests.shop import Shop, run

KEYS = ["version", "command", "ok", "exit_code", "error", "findings", "data"]
FINDING_KEYS = ["code", "severity", "message", "file", "line", "column", "skill", "hint"]


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        ("list", 0),
        ("validate", 0),
        ("show adder", 0),
        ("show ader", 2),
        ("history adder", 0),
        ("diff adder HEAD", 0),
        ("diff adder", 2),
        ("load", 0),
        ("promote adder --to approved", 1),
        ("plan", 2),
        ("promote adder --bad", 2),
        ("nonsense", 2),
        ("jobs work", 2),
        ("jobs show 1", 2),
    ],
)
def test_every_outcome_has_the_same_envelope(draft_shop: Path, tmp_path: Path, words: str, exit_code: int) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    answer = shop.skillctl(*words.split())
    assert list(answer.envelope) == KEYS
    assert (answer.envelope["version"], answer.envelope["command"]) == (1, words.split()[0])
    assert answer.exit_code == answer.envelope["exit_code"] == exit_code
    assert answer.envelope["ok"] is (exit_code == 0)
    assert (answer.envelope["error"] is None) == (exit_code in (0, 1))
    assert answer.err == ""


def test_findings_have_their_keys(draft_shop: Path, tmp_path: Path) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    shop.write("skills/adder/SKILL.md", "no frontmatter")
    findings = shop.skillctl("validate").envelope["findings"]
    assert [list(finding) for finding in findings] == [FINDING_KEYS] * len(findings)
    assert findings


def test_every_command_has_help_and_the_first_help_names_them_all() -> None:
    overview = run("--help")
    assert overview.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in overview.out
        said = run(command, "--help")
        assert (said.exit_code, said.err) == (0, ""), command
        assert "Usage: skillctl" in said.out


def test_every_command_is_a_file_of_its_name() -> None:
    folder = Path(__file__).parents[2] / "skillctl" / "cli"
    files = {file.stem for file in folder.glob("*.py")} - {
        "__init__",
        "main",
        "commands",
        "draw",
        "eval_each",
        "eval_progress",
        "eval_shown",
        "options",
        "result",
        "stage",
        "loaded",
        "verify_ledger",
        "status_rollouts",
        "acted",
        "jobs_look",
        "jobs_stats",
        "jobs_tend",
        "jobs_work",
    }
    assert files == {name.replace(" ", "_") for name in COMMANDS}


def test_the_readme_names_every_command() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for command in COMMANDS:
        assert f"`{command}" in readme, command


@pytest.mark.parametrize("words", [["--version"], ["-C", ".", "--version"]])
def test_the_version(words: list[str]) -> None:
    from skillctl import __version__

    assert run(*words).out == f"skillctl {__version__}\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("list", 0),
        ("list --format json", 0),
        ("show adder", 0),
        ("promote adder --to approved", 1),
        ("promote adder --to approved --format json", 1),
        ("plan --format json", 2),
        ("--help", 0),
        ("promote --help", 0),
    ],
)
def test_a_reader_who_has_seen_enough_changes_no_answer(
    draft_shop: Path, tmp_path: Path, words: str, code: int
) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "skillctl", "-C", str(shop.root), *words.split()]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_an_answer_that_could_not_be_written_is_none(draft_shop: Path) -> None:
    command = [sys.executable, "-m", "skillctl", "-C", str(draft_shop), "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == "error: the answer could not be written: no space left on device\n"


def test_a_closed_stdout_is_nobodys_trouble(draft_shop: Path) -> None:
    command = f"{sys.executable} -m skillctl -C {draft_shop} list >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [[], ["db"], ["jobs"]])
def test_without_arguments_it_helps(words: list[str]) -> None:
    answer = run(*words)
    assert (answer.exit_code, answer.err) == (2, "")
    assert answer.out == run(*words, "--help").out
    assert answer.out.startswith("Usage: skillctl")


def test_a_list_is_readable_at_80_columns_and_holds_no_escapes(draft_shop: Path) -> None:
    out = run("-C", draft_shop, "list").out
    assert "\x1b" not in out
    assert all(len(line.rstrip()) <= 80 for line in out.splitlines())


def test_what_nobody_uses_is_not_loaded_though_it_is_installed(draft_shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    folder.mkdir()
    (folder / "trio.py").write_text("import pathlib\npathlib.Path(__file__).with_name('loaded').touch()\n")
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    shop.write("skillctl.yaml", "environments: {prod: {store: supabase}}\n")
    where = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_SECRET_KEY": "x"}
    words = [sys.executable, "-m", "skillctl", "-C", str(shop.root), "list", "--env", "prod"]
    environ = {**os.environ, **where, "PYTHONPATH": str(folder)}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "no answer from" in done.stderr) == (3, True), done.stderr
    assert not (folder / "loaded").exists()


def test_only_the_command_that_runs_is_loaded(draft_shop: Path) -> None:
    script = (
        "import sys\nfrom skillctl.cli.main import main\n"
        "try:\n    main(['-C', sys.argv[1], 'list', '--format', 'json'])\nexcept SystemExit:\n    pass\n"
        "import json\nprint(json.dumps([name for name in sys.modules if name.split('.')[0] in "
        "('supabase', 'psycopg', 'sqlite_utils', 'jsonschema', 'httpx')]), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, draft_shop], capture_output=True, text=True, check=True)
    assert json.loads(done.stderr) == []
