"""Scripts that really run: what they produce, with what, and how they are ended."""

import os
from pathlib import Path

import pytest

from skillctl.domain.case import Run
from skillctl.domain.checks import Produced
from tests.adapters.scripted import current, printed, ran, runner  # noqa: F401

MEMORY_KB = Run(script="a.py").memory * 1024
OUTPUT_LIMIT = Run(script="a.py").output


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_exit_codes(code: int) -> None:
    done = ran(f"import sys; print('out'); print('err', file=sys.stderr); sys.exit({code})")
    assert done == Produced(code, "out\n", "err\n")


def test_arguments_and_standard_input() -> None:
    said = printed(
        "import sys; print(sys.argv[1:], sys.stdin.read())", "-c", "a b", "--help", "'$(id)'", stdin="größe\n"
    )
    assert said == "['-c', 'a b', '--help', \"'$(id)'\"] größe\n\n"
    assert printed("import sys; print(repr(sys.stdin.read()))") == "''\n"


@pytest.mark.parametrize(
    ("name", "mode", "text", "said"),
    [
        ("a.sh", "100644", "echo $1 in $(basename $PWD)", "x in skill\n"),
        ("run", "100755", "#!/bin/sh\necho $1", "x\n"),
        ("scripts/deep/a.py", "100644", "import sys; print(sys.argv[1])", "x\n"),
    ],
)
def test_each_kind_of_script(name: str, mode: str, text: str, said: str) -> None:
    assert ran(text, "x", name=name, mode=mode) == Produced(0, said, "")


def test_what_cannot_be_run() -> None:
    message = "`run` is neither a `.py` or `.sh` script nor executable"
    assert ran("#!/bin/sh\n", name="run", mode="100644") == message
    assert current().run({}, Run(script="../../etc/passwd")) == "`../../etc/passwd` is not a file of the skill"
    assert ran("", "a\0b") == "`a.py` could not be started: embedded null byte"
    assert ran("", "a" * 200_000) == "`a.py` could not be started: Argument list too long"


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert printed(r"import sys; sys.stdout.buffer.write(b'a\xff\0b')") == "a�\0b"


SPOILER = b"""
import os, pathlib
print(sorted(map(str, pathlib.Path().rglob('*'))), os.access('x/run', os.X_OK))
print(pathlib.Path('data.txt').read_text(), list(pathlib.Path.home().iterdir()))
pathlib.Path('data.txt').write_text('spoiled')
pathlib.Path('new').write_text('')
(pathlib.Path.home() / 'left').write_text('')
"""


def test_its_own_copy_of_every_file_with_its_mode() -> None:
    files = {
        "a.py": ("100644", SPOILER),
        "x/run": ("100755", b"#!/bin/sh\n"),
        "data.txt": ("100644", b"clean"),
    }
    first, second = current().run(files, Run(script="a.py")), current().run(files, Run(script="a.py"))
    left = {"data.txt": "spoiled", "new": ""}
    assert first == Produced(0, "['a.py', 'data.txt', 'x', 'x/run'] True\nclean []\n", "", left)
    assert second == first


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    printed("import os; os.mkdir('d'); open('d/x', 'w').close(); os.chmod('d', 0)")
    assert list(tmp_path.iterdir()) == []


def test_the_environment_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUPABASE_SECRET_KEY", "N8N_WEBHOOK_SECRET", "GITHUB_TOKEN", "PYTHONPATH", "LD_PRELOAD_X"):
        monkeypatch.setenv(name, "hunter2")
    said = printed("import os; print(sorted(os.environ)); print(os.environ)")
    assert said.splitlines()[0] == str(["HOME", "LANG", "LC_ALL", "PATH", "PWD", "TMPDIR", "TZ"])
    assert "hunter2" not in said
    assert str(Path.cwd()) not in said


def test_no_open_file_of_ours_is_passed_on(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as opened:
        os.set_inheritable(opened.fileno(), True)
        number = opened.fileno()
        said = printed(f"import os; print(os.path.exists('/proc/self/fd/{number}'), os.path.exists('/proc/self/fd/2'))")
    assert said == "False True\n"


def test_a_script_imports_its_siblings_and_yaml_and_nothing_of_ours() -> None:
    files = {
        "scripts/a.py": ("100644", b"import helper, yaml; helper.tell(yaml.safe_load('a: 1'))\nimport pydantic"),
        "scripts/helper.py": ("100644", b"def tell(what): print(what)"),
    }
    done = current().run(files, Run(script="scripts/a.py"))
    assert isinstance(done, Produced)
    assert (done.exit_code, done.stdout) == (1, "{'a': 1}\n")
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'pydantic'"
    listed = printed("import pkgutil, sys; print([m.name for m in pkgutil.iter_modules([sys.path[-1]])])")
    assert listed == "['yaml']\n"
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import yaml, rich'])"
    done = ran(child)
    assert isinstance(done, Produced)
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'rich'"


def test_a_shell_script_finds_the_same_python() -> None:
    done = ran("python3 -c 'import yaml, sys; print(sys.prefix)'", name="a.sh")
    assert isinstance(done, Produced)
    assert done.stdout.strip().endswith("/python")


def test_a_script_may_spoil_itself_and_close_what_it_prints_to() -> None:
    done = ran("import os, sys; open(sys.argv[0], 'w').close(); os.remove(sys.argv[0]); print('done')")
    assert done == Produced(0, "done\n", "")
    assert ran("import os; os.close(1); os.close(2)") == Produced(0, "", "")


def test_input_that_is_no_text_is_told() -> None:
    said = ran("print(1)", stdin="\ud800")
    assert isinstance(said, str)
    assert said.startswith("`a.py` could not be started: 'utf-8' codec")


def test_more_output_than_anybody_reads_is_no_answer() -> None:
    message = f"more than {OUTPUT_LIMIT:,} bytes were printed"
    assert ran(f"print('x' * {OUTPUT_LIMIT})") == message
    assert ran(f"import sys; print('x' * {OUTPUT_LIMIT}, file=sys.stderr)") == message
    assert ran("while True: print('x' * 10_000)") == message
    done = ran(f"print('x' * {OUTPUT_LIMIT - 1})")
    assert isinstance(done, Produced)
    assert len(done.stdout) == OUTPUT_LIMIT


def test_a_memory_hog_fails_alone() -> None:
    done = ran(f"x = bytearray({MEMORY_KB * 1024 + 1})")
    assert isinstance(done, Produced)
    assert done.exit_code == 1
    assert "MemoryError" in done.stderr


@pytest.mark.parametrize("number", [9, 11, 15])
def test_killed_by_a_signal(number: int) -> None:
    done = ran(f"import os; print('before', flush=True); os.kill(os.getpid(), {number})")
    assert isinstance(done, Produced)
    assert (done.exit_code, done.stdout) == (-number, "before\n")


def test_the_runner_is_named_in_evidence() -> None:
    assert current().runner == "script/3"
