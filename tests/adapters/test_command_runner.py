"""Any agent as a program: what it is given, what each of its ends means, and that nothing of it stays behind."""

import json
import os
import re
import signal
import stat
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters.processes import gone_within
from skillctl.adapters.runners import programs
from skillctl.adapters.runners.command import CommandRunner
from skillctl.adapters.runners.fake import FakeRunner
from skillctl.domain.exchange import Call, NoAnswer, Reply, Request
from skillctl.domain.runner import Fake, Harness

KEY = "hunter2-and-a-tail"
VARIABLES = {"PATH": os.environ["PATH"], "HOME": "/home/ana", "LANG": "C.UTF-8", "API_KEY": KEY, "OTHER": "no"}
SKILL = {"name": "adder", "version": "1.0.0"}
FILES = {"SKILL.md": ("100644", b"how to add"), "scripts/add.sh": ("100755", b"#!/bin/sh\necho 3\n")}


def request(**others: Any) -> Request:
    body = {"prompt": "größe?", "system": None, "skill": None, "tools": [], **others}
    return Request("adds", "with_skill", 2, body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The root of a repository."""
    (tmp_path / "repo").mkdir()
    return tmp_path / "repo"


def runner(folder: Path, text: str, *words: str, timeout: float = 20.0, env: tuple[str, ...] = ()) -> CommandRunner:
    """The runner of a Python program of this text, which is a file of the repository."""
    (folder / "agent.py").write_text(f"import json, os, sys, time\n{textwrap.dedent(text)}", encoding="utf-8")
    config = Harness(argv=[sys.executable, "-S", "agent.py", *words], timeout=timeout, env=list(env))
    return CommandRunner(config, folder, VARIABLES)


def asked(one: CommandRunner) -> Reply | str:
    """The reply, or why there is none; `PROGRAM` stands for the interpreter."""
    try:
        return one.answer(request())
    except NoAnswer as problem:
        return str(problem).replace(f"`{sys.executable}`", "PROGRAM")


def report(folder: Path, expression: str, *words: str, of: Request | None = None, **config: Any) -> Any:
    """What a program sees."""
    text = f"asked = json.load(sys.stdin)\nprint(json.dumps({{'text': json.dumps({expression})}}))"
    said = runner(folder, text, *words, **config).answer(of or request(), FILES)
    return json.loads(said.text)


def test_what_it_reads(folder: Path) -> None:
    assert report(folder, "asked") == {**request().body, "protocol": 1, "trial": 2}


def test_the_skill_is_a_copy_of_its_own(folder: Path) -> None:
    seen = """[asked["skill"], sorted(os.walk(asked["skill"]["path"])), os.getcwd(), os.listdir("."),
        os.access(asked["skill"]["path"] + "/scripts/add.sh", os.X_OK),
        open(asked["skill"]["path"] + "/SKILL.md").read()]
    """
    skill, walked, cwd, here, is_executable, text = report(folder, seen, of=request(skill=SKILL))
    path = skill.pop("path")
    assert (skill, path.endswith("/skills/adder")) == (SKILL, True)
    assert walked == [[path, ["scripts"], ["SKILL.md"]], [f"{path}/scripts", [], ["add.sh"]]]
    assert (here, is_executable, text) == ([], True, "how to add")
    assert not Path(cwd).is_relative_to(folder)
    assert not Path(path).exists()
    assert not Path(cwd).exists()


def test_the_key_of_a_request_does_not_depend_on_the_copy(folder: Path) -> None:
    one = request(skill=SKILL)
    before = one.key
    report(folder, "1", of=one)
    assert one.key == before == request(skill=dict(SKILL)).key


def test_the_environment_is_clean(folder: Path) -> None:
    known = {name: VARIABLES[name] for name in ("PATH", "HOME", "LANG")}
    assert report(folder, "dict(os.environ)", env=("API_KEY", "UNSET")) == {**known, "API_KEY": KEY}
    assert report(folder, "dict(os.environ)") == known


def test_what_is_relative_to_the_repository(folder: Path) -> None:
    (folder / "prompts").mkdir()
    (folder / "prompts" / "base.md").write_text("base", encoding="utf-8")
    words = ["-p", "prompts", "prompts/base.md", "prompts/other.md", "x" * 300, str(folder / "agent.py"), "a/b"]
    expected = [*words[:2], str(folder / "prompts" / "base.md"), *words[3:]]
    assert report(folder, "sys.argv[1:]", *words) == expected


def test_a_program_of_the_repository(folder: Path) -> None:
    program = folder / "tools" / "agent"
    program.parent.mkdir()
    program.write_text("""#!/bin/sh\necho '{"text": "hi"}'\n""", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert CommandRunner(Harness(argv=["tools/agent"]), folder, VARIABLES).answer(request()) == Reply(text="hi")
    found = CommandRunner(Harness(argv=["agent"]), folder, {**VARIABLES, "PATH": str(program.parent)})
    assert found.answer(request()) == Reply(text="hi")


CALLS: list[dict[str, Any]] = [{"name": "a", "arguments": {"n": [1]}}, {"name": "b", "arguments": {}}]
WHOLE = {"text": "x", "tool_calls": CALLS, "usage": {"input_tokens": 7, "output_tokens": 0}, "cost": 0.25}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"text": "ü🙂\n"}, Reply(text="ü🙂\n")),
        ({"text": "x", "usage": None, "cost": None}, Reply(text="x")),
        ({"text": "x", "usage": {"input_tokens": None}, "cost": 1}, Reply(text="x", cost=1.0)),
        ({"text": "", "tool_calls": CALLS[1:]}, Reply(text="", calls=[Call(id="call-1", name="b", arguments={})])),
        (
            WHOLE,
            Reply(
                text="x",
                calls=[Call(id="call-1", name="a", arguments={"n": [1]}), Call(id="call-2", name="b", arguments={})],
                input_tokens=7,
                output_tokens=0,
                cost=0.25,
            ),
        ),
    ],
)
def test_what_is_an_answer(folder: Path, said: Any, expected: Reply) -> None:
    one = runner(folder, f"print({json.dumps(json.dumps(said))})\nprint('by the way', file=sys.stderr)")
    assert asked(one) == expected


NO_JSON, FORM = "PROGRAM wrote no JSON object: ", "PROGRAM wrote an answer of another form: "


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "PROGRAM wrote no answer; its errors: `no login`"),
        (b" \n", "PROGRAM wrote no answer; its errors: `no login`"),
        (b"hello\x1b[2J\nthere", NO_JSON + "`hello\\x1b[2J there`"),
        (b'{"text": "x"', NO_JSON + '`{"text": "x"`'),
        (b'{"text": "x"} {"text": "y"}', NO_JSON + '`{"text": "x"} {"text": "y"}`'),
        (b'{"text": "x"}\nbye', NO_JSON + '`{"text": "x"} bye`'),
        (b'["x"]', NO_JSON + '`["x"]`'),
        (b"null", NO_JSON + "`null`"),
        (b'{"text": "\xff"}', NO_JSON + '`{"text": "�"}`'),
        (b'{"text": "\\ud83d"}', NO_JSON + '`{"text": "\\ud83d"}`'),
        (b'{"text": "x", "cost": NaN}', NO_JSON + '`{"text": "x", "cost": NaN}`'),
        (b"[" * 100_000, NO_JSON + "`["),
        (b'{"txt": "x"}', FORM + "`text`: Field required"),
        (b'{"text": "x", "texts": 1}', FORM + "`texts`: Extra inputs are not permitted"),
        (b'{"text": 7}', FORM + "`text`: Input should be a valid string"),
        (b'{"text": "x", "cost": -1}', FORM + "`cost`: Input should be greater than or equal to 0"),
        (b'{"text": "x", "cost": "1"}', FORM + "`cost`: Input should be a valid number"),
        (b'{"text": "x", "usage": {"input_tokens": 1.5}}', FORM + "`usage.input_tokens`: Input should be"),
        (b'{"text": "x", "usage": {"total": 1}}', FORM + "`usage.total`: Extra inputs are not permitted"),
        (b'{"text": "x", "tool_calls": [{"name": "a"}]}', FORM + "`tool_calls.0.arguments`: Field required"),
        (b'{"text": "", "tool_calls": []}', "PROGRAM answered with neither text nor tool calls"),
    ],
)
def test_what_is_no_answer(folder: Path, raw: bytes, reason: str) -> None:
    said = asked(runner(folder, f"sys.stdout.buffer.write({raw!r})\nprint('no login', file=sys.stderr)"))
    assert isinstance(said, str)
    assert said.startswith(reason)
    assert said.isprintable()
    assert len(said) < 400


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("print('{\"text\": 1}')\nsys.exit(3)", "PROGRAM ended with 3: an empty text"),
        ("sys.exit('no\\nlogin\\x1b[2J')", "PROGRAM ended with 1: `no login\\x1b[2J`"),
        ("sys.exit('a' * 100_000 + ' the end')", f"PROGRAM ended with 1: `…{'a' * 191} the end`"),
        ("os.kill(os.getpid(), 15)", "PROGRAM was ended by signal 15: an empty text"),
    ],
)
def test_how_it_may_fail(folder: Path, text: str, reason: str) -> None:
    assert asked(runner(folder, text)) == reason


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["no-such-program"], "`no-such-program` could not be started: No such file or directory"),
        (["./no-such-program"], "`./no-such-program` could not be started: No such file or directory"),
        (["./plain"], "`./plain` could not be started: Permission denied"),
        (["sh", "a\0b"], "`sh` could not be started: embedded null byte"),
    ],
)
def test_what_cannot_be_started(folder: Path, argv: list[str], reason: str) -> None:
    (folder / "plain").touch(mode=0o644)
    assert asked(CommandRunner(Harness(argv=argv), folder, VARIABLES)) == reason


def test_a_program_may_leave_without_reading(folder: Path) -> None:
    one = runner(folder, 'print(\'{"text": "done"}\')')
    assert one.answer(request(prompt="x" * 1_000_000)) == Reply(text="done")


@pytest.mark.parametrize(
    "text", ["while True: os.write(1, b' ' * 65536)", "os.write(1, b' ' * (8 * 1024 * 1024 + 1)); time.sleep(60)"]
)
def test_too_much_is_no_answer(folder: Path, text: str) -> None:
    assert asked(runner(folder, text)) == "PROGRAM wrote more than 8,388,608 bytes"


def test_errors_without_end_take_no_memory(folder: Path) -> None:
    text = "for _ in range(400): os.write(2, b'e' * 65536)\nprint('{\"text\": \"done\"}')"
    assert asked(runner(folder, text)) == Reply(text="done")
    ended = programs.Programs().run([sys.executable, str(folder / "agent.py")], b"", folder, {}, 20)
    assert len(ended.stderr) == 65536
    said = asked(runner(folder, "while True: os.write(2, b'e' * 65536)", timeout=0.5))
    assert said == f"PROGRAM time-out: still running after 0.5 s: `…{'e' * 199}`"


#: Starts another process that notes its id, and goes on when it has.
FORKS = """
reading, writing = os.pipe()
if not os.fork():
    {before}
    open({note!r}, "w").write(str(os.getpid()))
    os.write(writing, b".")
    time.sleep(60)
os.read(reading, 1)
"""


def is_gone(pid: int) -> bool:
    if sys.platform == "linux":
        return gone_within(pid, 10)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def pid_in(file: Path) -> int:
    return int(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("end", ["time.sleep(60)", "os.close(1), os.close(2), time.sleep(60)"])
def test_a_time_out_ends_what_it_started_too(folder: Path, tmp_path: Path, end: str) -> None:
    text = FORKS.format(before="pass", note=str(tmp_path / "pid")) + end
    start = time.monotonic()
    assert asked(runner(folder, text, timeout=1.0)) == "PROGRAM time-out: still running after 1 s"
    assert time.monotonic() - start < 10
    assert is_gone(pid_in(tmp_path / "pid"))


def test_what_it_leaves_behind_ends_with_it_and_holds_nobody_up(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_SECONDS_FOR_THE_REST", 60)
    text = FORKS.format(before="pass", note=str(tmp_path / "pid")) + 'print(\'{"text": "done"}\')'
    start = time.monotonic()
    assert asked(runner(folder, text)) == Reply(text="done")
    assert time.monotonic() - start < 10
    assert is_gone(pid_in(tmp_path / "pid"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the end of a process from that of its pipes")
def test_what_leaves_the_group_holds_nobody_up(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_SECONDS_FOR_THE_REST", 0.05)
    text = FORKS.format(before="os.setsid()", note=str(tmp_path / "pid")) + 'print(\'{"text": "done"}\')'
    try:
        assert asked(runner(folder, text)) == Reply(text="done")
    finally:
        os.kill(pid_in(tmp_path / "pid"), signal.SIGKILL)


def test_closing_ends_all_that_run(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "here")
    one = runner(folder, f"open({str(tmp_path / 'here')!r}, 'w').write('.')\ntime.sleep(60)")
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(asked, one) for _ in range(4)]
        with (tmp_path / "here").open() as here:
            assert here.read(1) == "."
            one.close()
        assert [answer.result(20) for answer in answers] == ["PROGRAM was interrupted"] * 4
    assert asked(one) == "PROGRAM was interrupted"


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_many_at_once_each_with_its_own(folder: Path) -> None:
    one = runner(folder, "print(json.dumps({'text': json.load(sys.stdin)['prompt']}))")
    words = [str(number) for number in range(24)]
    before = threading.active_count(), open_files()
    with closing(one), ThreadPoolExecutor(8) as pool:
        said = pool.map(lambda word: one.answer(request(prompt=word)).text, words)
        assert list(said) == words
    assert (threading.active_count(), open_files()) == before


@pytest.mark.parametrize(
    "text",
    [
        "print(KEY)",
        "sys.exit(KEY)",
        "print(KEY, file=sys.stderr)",
        "print('x' * 190 + KEY)",
        "sys.exit(KEY + 'x' * 190)",
        "print(json.dumps({'text': 'x', KEY: 1}))",
        "print(json.dumps({'text': 'x', 'cost': KEY}))",
        "print(KEY, file=sys.stderr, flush=True); os.kill(os.getpid(), 9)",
        "print(KEY, file=sys.stderr, flush=True)\nwhile True: os.write(1, b' ' * 65536)",
    ],
)
def test_no_reason_holds_a_secret(folder: Path, text: str) -> None:
    said = asked(runner(folder, f"KEY = os.environ['API_KEY']\n{text}", env=("API_KEY",)))
    assert isinstance(said, str)
    for part in (KEY, KEY[:6], KEY[-6:]):
        assert part not in said


CLAUDE = """#!{python}
import json, os, sys
words, prompt = sys.argv[1:], sys.stdin.read()
if prompt == "no login":
    sys.exit("Invalid API key · Please run /login")
text = json.dumps([words, prompt, sorted(os.listdir(".claude/skills/adder")) if os.path.exists(".claude") else []])
print(json.dumps({{"type": "result", "subtype": "success", "is_error": prompt == "trouble", "result": text,
    "total_cost_usd": 0.0125, "usage": {{"input_tokens": 11, "cache_read_input_tokens": 5, "output_tokens": 3}}}}))
"""


@pytest.fixture
def claude(project: Path, folder: Path, tmp_path: Path) -> CommandRunner:
    """The worked example of the documentation, with a `claude` on PATH that tells what it was asked."""
    page = (project / "docs" / "runners.md").read_text(encoding="utf-8")
    example = re.search(r"<!-- a test runs this -->\n((?:\n|    .*\n)+)", page)
    assert example is not None
    (folder / "tools").mkdir()
    (folder / "tools" / "claude_code.py").write_text(textwrap.dedent(example[1]), encoding="utf-8")
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text(CLAUDE.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    config = Harness(argv=[sys.executable, "tools/claude_code.py"])
    return CommandRunner(config, folder, {**VARIABLES, "PATH": f"{program.parent}:{VARIABLES['PATH']}"})


def test_the_worked_example(claude: CommandRunner) -> None:
    said = claude.answer(request(skill=SKILL, system="be brief"), FILES)
    words = ["-p", "--output-format", "json", "--append-system-prompt", "be brief"]
    assert json.loads(said.text) == [words, "größe?", ["SKILL.md", "scripts"]]
    assert (said.input_tokens, said.output_tokens, said.cost) == (11, 3, 0.0125)
    assert json.loads(claude.answer(request()).text) == [words[:3], "größe?", []]


@pytest.mark.parametrize(
    ("prompt", "reason"), [("no login", "returned non-zero exit status 1"), ("trouble", "trouble")]
)
def test_the_worked_example_fails_with_what_it_ran(claude: CommandRunner, prompt: str, reason: str) -> None:
    with pytest.raises(NoAnswer, match=reason):
        claude.answer(request(prompt=prompt))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"prompt": "post this invoice"}, "posted"),
        ({"prompt": "a bill and an invoice"}, "posted"),
        ({"prompt": "hello"}, "hello"),
        ({"messages": [{"role": "system", "content": "invoice"}, {"role": "user", "content": "bill"}]}, "paid"),
        ({"messages": [{"role": "user", "content": "bill"}, {"role": "user", "content": "hello"}]}, "hello"),
        ({"messages": []}, ""),
    ],
)
def test_a_fake_answers_from_its_list(body: dict[str, Any], expected: str) -> None:
    fake = FakeRunner(Fake(answers={"invoice": "posted", "bill": "paid"}))
    assert fake.answer(Request("adds", "with_skill", 1, body)) == Reply(text=expected)
