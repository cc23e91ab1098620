"""What a case brings for a script, what it may not bring, and which files of the script are told."""

import json

import pytest

from skillctl.adapters.scratch import TEXT_BYTES, TEXTS
from skillctl.domain.case import Run
from skillctl.domain.checks import Produced
from tests.adapters.scripted import current, made, only_namespaces, printed, ran, runner  # noqa: F401


def test_the_files_and_variables_of_a_case_are_there() -> None:
    text = "import os, pathlib; print(pathlib.Path('in/größe.csv').read_text(), os.environ['RATE'], os.environ['TZ'])"
    done = ran(text, files={"in/größe.csv": "a;b"}, env={"RATE": "7 %", "TZ": "Asia/Manila"})
    assert done == Produced(0, "a;b 7 % Asia/Manila\n", "")


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("scripts/a.py", "`scripts/a.py` is a file of the skill; a case may not replace it"),
        ("scripts/a.py/b", "`scripts/a.py` cannot be a file and a folder"),
        ("scripts", "`scripts` cannot be a file and a folder"),
        ("data/x/y", "`data/x` cannot be a file and a folder"),
    ],
)
def test_no_file_of_a_case_replaces_another(path: str, refusal: str) -> None:
    files = {"scripts/a.py": ("100644", b"print(1)")}
    assert current().run(files, Run(script="scripts/a.py", files={path: "", "data/x": ""})) == refusal


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "TMPDIR", "PWD", "LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "ENV", "GLIBC_TUNABLES"]
)
def test_what_sets_how_a_script_is_started_is_no_variable_of_a_case(name: str) -> None:
    assert ran("print(1)", env={name: "x"}) == f"`{name}` sets how the script is started; a case may not set it"


def test_what_can_be_no_variable_and_no_file_is_told() -> None:
    assert ran("", env={"A": "x\0y"}) == "`a.py` could not be started: embedded null byte"
    assert "could not be started: 'utf-8' codec" in str(ran("", env={"A": "\ud800"}))
    assert "could not be started: 'utf-8' codec" in str(ran("", files={"x": "\ud800"}))


def test_a_file_that_would_lie_elsewhere_is_not_written() -> None:
    said = current().run({"a.py": ("100644", b""), "../x": ("100644", b"")}, Run(script="a.py"))
    assert "`..` leads out of the folder" in str(said)


LEAVER = """
    import os, pathlib, socket
    pathlib.Path("out").mkdir()
    pathlib.Path("out/new.txt").write_text("größe")
    pathlib.Path("changed.csv").write_text("2")
    pathlib.Path("same.csv").write_text("1")
    pathlib.Path("binary").write_bytes(b"\\xff")
    pathlib.Path("empty").touch()
    pathlib.Path("long").write_text("x" * (2**20 + 1))
    pathlib.Path("longest").write_text("x" * 2**20)
    pathlib.Path("closed").write_text("x")
    os.chmod("closed", 0)
    os.remove("gone.csv")
    os.mkfifo("fifo")
    socket.socket(socket.AF_UNIX).bind("socket")
    os.symlink("/etc/passwd", "link")
    os.symlink("out/new.txt", "inner-link")
    os.symlink("/etc", "folder")
    os.symlink(".", "circle")
    open(b"\\xff", "w").close()
"""


def test_the_texts_a_script_made_or_changed_are_told() -> None:
    files = dict.fromkeys(("changed.csv", "same.csv", "untouched.csv", "gone.csv"), "1")
    told = made(LEAVER, files=files)
    assert {path: len(text) for path, text in told.items()} == {
        "changed.csv": 1,
        "empty": 0,
        "longest": TEXT_BYTES,
        "out/new.txt": 5,
    }
    assert (told["out/new.txt"], told["changed.csv"]) == ("größe", "2")


def test_the_first_texts_are_told_where_there_are_many() -> None:
    told = made("for number in range(200): open(f'{number:03}', 'w').close()")
    assert list(told) == [f"{number:03}" for number in range(TEXTS)]


def test_a_folder_that_was_exchanged_is_not_looked_at() -> None:
    text = """
        import os
        os.rename(os.getcwd(), os.environ["TMPDIR"] + "/moved")
        os.symlink("/etc", os.environ["HOME"] + "/../skill")
    """
    done = ran(text)
    assert isinstance(done, Produced)
    assert done.files == {}


def test_the_time_a_script_took_is_told() -> None:
    done = ran("import time; time.sleep(0.3)")
    assert isinstance(done, Produced)
    assert 0.3 <= done.seconds < 20


def test_a_shell_script_prints_to_its_devices() -> None:
    done = ran("echo one; echo two >/dev/stderr; echo three >/dev/stdout; cat /dev/stdin", name="a.sh", stdin="four\n")
    assert done == Produced(0, "one\nthree\nfour\n", "two\n")


@only_namespaces
def test_two_cases_share_nothing() -> None:
    leave = """
        import ctypes, pathlib, socket
        for folder in ("/skill", "/agent", "/tmp", "/dev/shm", "/scratch"):
            pathlib.Path(folder, "left").touch()
        print(ctypes.CDLL(None).shmget(4711, 4096, 0o1666) >= 0)
    """
    look = """
        import ctypes, json, os
        seen = {folder: os.listdir(folder) for folder in ("/skill", "/agent", "/tmp", "/dev/shm")}
        print(json.dumps([seen, os.listdir("/scratch"), ctypes.CDLL(None).shmget(4711, 4096, 0o666)]))
    """
    assert printed(leave) == "True\n"
    seen, scratch, memory = json.loads(printed(look))
    assert seen == {"/skill": ["a.py"], "/agent": [], "/tmp": [], "/dev/shm": []}
    assert (sorted(scratch), memory) == (["agent", "shm", "skill", "tmp"], -1)
