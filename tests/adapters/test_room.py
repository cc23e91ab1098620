"""Ways out of a room, and ways to leave something in it: what scripts try, and the next case does not notice."""

import os
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skillctl.adapters import walled_root
from skillctl.adapters.errand import FILE_BYTES, PROCESSES
from skillctl.adapters.isolation import Namespaces
from skillctl.adapters.scripts import ScriptRunner
from skillctl.adapters.walls import PROBED_MEMORY
from skillctl.domain.case import Run
from skillctl.domain.checks import Produced
from tests.adapters.scripted import NAMESPACES, skip_for
from tests.adapters.test_isolation import DAEMON, all_end, sleepers

X86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="calls are numbered differently on other processors")
MEGABYTE = 1024 * 1024


@pytest.fixture
def own() -> ScriptRunner:
    """A runner whose rooms no other test uses: one, as long as one case is run at a time."""
    made = ScriptRunner()
    if made.isolation != NAMESPACES:
        skip_for(made.weakness)
    return made


def printed(runner: ScriptRunner, text: str, *args: str, **given: object) -> str:
    """What a Python script printed that must have ended well."""
    run = Run.model_validate({"script": "a.py", "args": list(args), **given})
    done = runner.run({"a.py": ("100644", textwrap.dedent(text).encode())}, run)
    assert isinstance(done, Produced), done
    assert done.exit_code == 0, done.stderr
    return done.stdout


def rooms(runner: ScriptRunner) -> list[int]:
    """The rooms of a runner that are there, as this machine numbers them."""
    walls = runner._walls.chosen()[0]
    assert isinstance(walls, Namespaces)
    assert walls._keeper is not None
    (keeper,) = children(walls._keeper._process.pid)
    return children(keeper)


def test_the_first_case_has_the_room_of_the_script_that_was_tried(own: ScriptRunner) -> None:
    before = rooms(own)
    assert Run(script="a.py").memory * MEGABYTE == PROBED_MEMORY
    assert printed(own, "print(1)") == "1\n"
    assert rooms(own) == before


def children(process: int) -> list[int]:
    """What a process started and has not yet reaped."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def ended(runner: ScriptRunner, were: set[int]) -> bool:
    """Whether these rooms of a runner end; they answer a moment earlier."""
    deadline = time.monotonic() + 5
    while were & set(rooms(runner)) and time.monotonic() < deadline:
        os.sched_yield()
    return not were & set(rooms(runner))


ERRORS = """
    import ctypes, errno, os, sys
    libc = ctypes.CDLL(None, use_errno=True)
    def told(name, *arguments):
        done = getattr(libc, name)(*arguments)
        print(name, errno.errorcode[ctypes.get_errno()] if done == -1 else done)
"""

# Each file is named by what it shows, so that it is the same on every machine.
OF_A_SCRIPT = """
    import ctypes, os, resource
    print(os.getppid(), os.nice(0), os.sched_getscheduler(0), len(os.sched_getaffinity(0)) == os.cpu_count())
    print(*(resource.getrlimit(name) for name in sorted(vars(resource)) if name.startswith("RLIMIT_")
            for name in [getattr(resource, name)]))
    bits = ctypes.CDLL(None).prctl(27, 0, 0, 0, 0)
    print([line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")], bits)
    print(len(open("/proc/self/mountinfo").readlines()), sorted(os.listdir("/scratch")))
    print(open("/proc/self/oom_score_adj").read().strip(), os.getsid(0) == os.getpid(), os.listdir("/proc/self/fd"))
"""


def test_a_script_holds_nothing_and_is_ended_first(own: ScriptRunner) -> None:
    who, _limits, privileges, _mounts, last = printed(own, OF_A_SCRIPT).splitlines()
    assert who == "0 0 0 True"
    # It is no `root`, and that is locked.
    assert privileges == f"{['0' * 16] * 5} {0b100011}"
    # The last is the folder itself, while it is read.
    assert last == "1000 True ['0', '1', '2', '3']"
    usual = Path("/proc/self/oom_score_adj").read_text()
    assert {Path(f"/proc/{room}/oom_score_adj").read_text() for room in rooms(own)} == {usual}


def test_no_room_can_be_left_and_no_wall_be_changed(own: ScriptRunner) -> None:
    said = printed(
        own,
        ERRORS
        + """
    flags = {"user": 0x10000000, "mnt": 0x20000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x8000000}
    for name, flag in flags.items():
        told("unshare", flag)
        told("setns", os.open(f"/proc/self/ns/{name}", os.O_RDONLY), flag)
    told("mount", b"x", b"/tmp", b"tmpfs", ctypes.c_ulong(0), None)
    told("mount", None, b"/proc", None, ctypes.c_ulong(4096 | 32), None)
    told("umount2", b"/skill", 2)
    told("chroot", b"/tmp")
    told("sethostname", b"x", 1)
    told("capset", (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(1, 1, 1))
    """,
    )
    lines = said.splitlines()
    assert lines[0] == "unshare ENOSPC"
    # One's own user namespace may not even be entered.
    assert lines[1] == "setns EINVAL"
    assert {line.split()[1] for line in lines[2:]} == {"EPERM"}
    assert len(lines) == 16


def test_nothing_of_the_first_process_is_readable(own: ScriptRunner) -> None:
    said = printed(
        own,
        ERRORS
        + """
    told("ptrace", 16, 1, None, None)
    told("ptrace", 0x4206, 1, None, None)
    own, theirs = ctypes.create_string_buffer(8), ctypes.c_char_p(ctypes.addressof(libc.getpid))
    pieces = [(ctypes.c_void_p * 2)(ctypes.addressof(own), 8), (ctypes.c_void_p * 2)(id(libc), 8)]
    told("process_vm_readv", 1, pieces[0], ctypes.c_ulong(1), pieces[1], ctypes.c_ulong(1), ctypes.c_ulong(0))
    told("process_vm_writev", 1, pieces[0], ctypes.c_ulong(1), pieces[1], ctypes.c_ulong(1), ctypes.c_ulong(0))
    for name in ("environ", "mem", "maps", "auxv", "cwd", "root", "exe", "fd/0", "ns/mnt", "task/1/mem", "syscall"):
        for how in (os.O_RDONLY, os.O_RDWR):
            try:
                print("read", name, os.read(os.open(f"/proc/1/{name}", how), 1))
            except OSError as problem:
                print(name, errno.errorcode[problem.errno])
    """,
    )
    assert {line.split()[1] for line in said.splitlines()} <= {"EPERM", "EACCES", "EROFS", "EISDIR"}
    assert len(said.splitlines()) == 26


def test_what_is_done_to_the_first_process_is_not_felt_by_the_next_case(own: ScriptRunner) -> None:
    before, room = printed(own, OF_A_SCRIPT), rooms(own)
    said = printed(
        own,
        """
        import contextlib, os, resource, signal
        for number in signal.valid_signals():
            os.kill(1, number)
        tried = [
            lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
            lambda: os.setpriority(os.PRIO_USER, 0, 18),
            lambda: os.sched_setaffinity(1, {min(os.sched_getaffinity(0))}),
            lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
        ]
        for name in ("CPU", "AS", "DATA", "STACK", "NOFILE", "NPROC", "FSIZE", "SIGPENDING"):
            number = getattr(resource, f"RLIMIT_{name}")
            tried.append(lambda number=number: resource.prlimit(1, number, (0, 0)))
        for one in tried:
            with contextlib.suppress(OSError):
                one()
        print("done")
        """,
    )
    assert said == "done\n"
    assert printed(own, OF_A_SCRIPT) == before
    # It was the same room.
    assert rooms(own) == room


def test_a_room_is_used_again_and_its_limits_are_those_of_each_script(own: ScriptRunner) -> None:
    small, large = printed(own, OF_A_SCRIPT, memory=64), printed(own, OF_A_SCRIPT, memory=1024)
    expected = [FILE_BYTES, PROCESSES + 2]
    for text, memory in ((small, 64), (large, 1024)):
        for most in (*expected, memory * MEGABYTE):
            assert f"({most}, {most})" in text
    assert small.replace(str(64 * MEGABYTE), str(1024 * MEGABYTE)) == large
    room = rooms(own)
    assert printed(own, OF_A_SCRIPT, memory=1024) == large
    assert rooms(own) == room
    assert printed(own, OF_A_SCRIPT, memory=1023) == large.replace(str(1024 * MEGABYTE), str(1023 * MEGABYTE))


def test_files_that_a_script_could_not_write_are_there(own: ScriptRunner) -> None:
    files = {"a.py": ("100644", b"import os; print(os.path.getsize('x'))"), "x": ("100644", b"x" * (FILE_BYTES + 1))}
    assert own.run(files, Run(script="a.py")) == Produced(0, f"{FILE_BYTES + 1}\n", "")
    files["a.py"] = ("100644", b"file = open('y', 'wb', 0); file.write(b'x' * %d); file.write(b'x')" % FILE_BYTES)
    done = own.run(files, Run(script="a.py"))
    assert isinstance(done, Produced)
    assert "File too large" in done.stderr


def test_a_room_bears_the_largest_answer(own: ScriptRunner) -> None:
    text = """
        for number in range(50):
            open(f"{number:02}", "w").write("\\N{GRINNING FACE}" + "\\x01" * (2**20 - 4))
    """
    files = {"a.py": ("100644", textwrap.dedent(text).encode())}
    done = own.run(files, Run(script="a.py", memory=512))
    assert isinstance(done, Produced)
    assert [len(text.encode()) for text in done.files.values()] == [MEGABYTE] * 50


SIBLING = """
    import ctypes, os, signal, sys
    libc = ctypes.CDLL(None, use_errno=True)
    # Made by a call for a child of one's parent, which is the room.
    parent = 0x8000
    if libc.syscall(56, parent | signal.SIGCHLD, None, None, None, None) == 0:
        os.execvp("sleep", ["sleep", sys.argv[1]])
    print("left")
"""


@X86_64
def test_a_child_of_the_room_does_not_outlive_the_case(own: ScriptRunner) -> None:
    seconds = f"3604.{os.getpid()}"
    printed(own, "")
    room = rooms(own)
    assert printed(own, SIBLING, seconds) == "left\n"
    assert all_end(seconds)
    assert printed(own, "print(1)") == "1\n"
    assert ended(own, set(room))


def test_a_room_in_which_something_was_left_is_not_used_again(own: ScriptRunner) -> None:
    seconds = f"3605.{os.getpid()}"
    printed(own, "")
    (room,) = rooms(own)
    walls = own._walls.chosen()[0]
    assert isinstance(walls, Namespaces)
    keeper = walls._keeper
    with ThreadPoolExecutor(1) as pool:
        # The first takes the room that is there.
        printed(own, DAEMON, seconds)
        # Before we are told.
        assert not sleepers(seconds)
        # It only lasts, so that it is there meanwhile; nothing waits for that long.
        other = pool.submit(printed, own, "import time; time.sleep(0.5); print(2)")
        printed(own, DAEMON, seconds)
        assert other.result() == "2\n"
    assert all_end(seconds)
    assert printed(own, "print(1)") == "1\n"
    assert ended(own, {room})
    assert walls._keeper is keeper


LEAVES = """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    kept = [libc.shmget(4711, 4096, 0o1666), libc.msgget(4711, 0o1666), libc.semget(4711, 1, 0o1666)]
    kept.append(libc.mq_open(b"/left", os.O_CREAT | os.O_RDWR, 0o666, None))
    print(min(kept) >= 0, [len(open(f"/proc/sysvipc/{name}").readlines()) for name in ("shm", "msg", "sem")])
"""
LOOKS = """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    kept = [libc.shmget(4711, 4096, 0o666), libc.msgget(4711, 0o666), libc.semget(4711, 1, 0o666)]
    kept.append(libc.mq_open(b"/left", os.O_RDWR))
    print(kept, [len(open(f"/proc/sysvipc/{name}").readlines()) for name in ("shm", "msg", "sem")])
"""


def test_nothing_that_connects_processes_stays(own: ScriptRunner) -> None:
    assert printed(own, LEAVES) == "True [2, 2, 2]\n"
    room = rooms(own)
    assert printed(own, LOOKS) == "[-1, -1, -1, -1] [1, 1, 1]\n"
    assert rooms(own) == room


# Also as a program of 32 bits calls them, and in the third manner.
KEYS = (
    ERRORS
    + """
    import mmap
    for name, number in (("add_key", 248), ("request_key", 249), ("keyctl", 250)):
        print(name, libc.syscall(number, 0, -4, 0), errno.errorcode[ctypes.get_errno()])
        ctypes.set_errno(0)
        print(name, libc.syscall(number | 0x40000000, 0, -4, 0), errno.errorcode[ctypes.get_errno()])
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    for number in (286, 287, 288):
        # push rbx; mov eax, number; xor ebx, ebx; mov ecx, -4; xor edx, edx; int 0x80; pop rbx; ret
        code.seek(0)
        code.write(bytes.fromhex("53b8") + number.to_bytes(4, "little") + bytes.fromhex("31dbb9fcffffff31d2cd805bc3"))
        called = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
        print(number, called(), "EPERM")
"""
)


@X86_64
def test_keys_are_refused_however_they_are_called_for(own: ScriptRunner) -> None:
    said = printed(own, KEYS)
    assert [line.split()[1:] for line in said.splitlines()] == [["-1", "EPERM"]] * 9


@pytest.mark.parametrize(
    ("module", "part"), [("kernel", "_CALLS_FOR_KEYS.get(os.uname().machine, {})"), ("room", "/children")]
)
def test_a_room_without_what_it_takes_serves_one_case(
    module: str, part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = Path(str(getattr(walled_root, module).__file__)).read_text(encoding="utf-8")
    assert part in text
    # A processor whose calls nobody has told us, and a kernel that does not tell who is whose child.
    changed = tmp_path / f"{module}.py"
    changed.write_text(text.replace(part, "{}" if "{}" in part else "/nobody"), encoding="utf-8")
    monkeypatch.setattr(getattr(walled_root, module), "__file__", str(changed))
    own = ScriptRunner()
    if own.isolation != NAMESPACES:
        skip_for(own.weakness)
    assert printed(own, LEAVES) == "True [2, 2, 2]\n"
    assert printed(own, LOOKS) == "[-1, -1, -1, -1] [1, 1, 1]\n"
    assert ended(own, set(rooms(own)))
