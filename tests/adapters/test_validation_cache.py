"""The cache of `validate` never changes an answer: with it `validate` says what it says without, whatever happened."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from skillctl.adapters import folder_tree, validation_cache
from skillctl.adapters.folder_tree import FolderTree
from skillctl.domain.tree import OF_SKILLS
from skillctl.wiring import Wiring
from skillctl.workflows import judge
from skillctl.workflows.validate import validate
from tests.adapters.company import KEY, NAMES, cache_in, fresh, memory, opened, put, remembered, settle
from tests.shop import Shop

PATHS = ("notes.md", "scripts/run.py", "a/b/c.txt", "skill.json", "suite.yaml", "1.0.0/approval.json", ".DS_Store")
PICK = st.integers(0, 10_000)


def is_believed(root: Path, key: str = KEY) -> bool:
    return memory(FolderTree(root), root, key).is_all_the_same()


def same_size(raw: bytes, at: int, byte: bytes) -> bytes:
    at %= max(len(raw), 1)
    return raw[:at] + byte + raw[at + 1 :] if raw else raw


def quietly(path: Path, raw: bytes) -> None:
    """Other bytes in a file that has its time of change afterwards."""
    before = path.stat()
    path.write_bytes(raw)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class Company(RuleBasedStateMachine):
    """People and programs at work on one repository, between runs that remember."""

    @initialize()
    def open(self) -> None:
        self.top = Path(tempfile.mkdtemp())
        self.root = opened(self.top / "shop")
        self.kept, self.turn = [b"", b"{}\n"], 0

    def teardown(self) -> None:
        shutil.rmtree(self.top)

    @invariant()
    def the_answer_is_the_one_without(self) -> None:
        expected = fresh(self.root)
        assert remembered(self.root) == expected
        assert remembered(self.root) == expected
        self.turn += 1
        if self.turn % 2:
            settle(self.root)
            assert remembered(self.root) == expected

    def entries(self, *, links: bool = False) -> list[Path]:
        found = [self.root / "skillctl.yaml"]
        for part in (*OF_SKILLS, ".claude"):
            found += [Path(top) / name for top, *both in os.walk(self.root / part) for names in both for name in names]
        return sorted(path for path in found if path.is_symlink() == links and (links or path.is_file()))

    def file(self, pick: int) -> Path:
        """One that can be written; there is always one."""
        files = [path for path in self.entries() if os.access(path, os.R_OK | os.W_OK)]
        if not files:
            put(self.root / "skillctl.yaml", pick)
        return files[pick % len(files)] if files else self.root / "skillctl.yaml"

    def skill(self, pick: int) -> Path:
        found = sorted((self.root / "skills").iterdir())
        return found[pick % len(found)] if found else self.root / "skills" / NAMES[0]

    @rule(pick=PICK, text=PICK, more=st.booleans())
    def write(self, pick: int, text: int, more: bool) -> None:
        path, kept = self.file(pick), self.file(pick).read_bytes() if more else b""
        put(path, text)
        path.write_bytes(kept + path.read_bytes())

    @rule(pick=PICK, at=PICK, byte=st.sampled_from([b"x", b":", b"\n", b"[", b"2", b"\xff"]), how=st.integers(0, 3))
    def overwrite(self, pick: int, at: int, byte: bytes, how: int) -> None:
        path = self.file(pick)
        raw, before = same_size(path.read_bytes(), at, byte), path.stat()
        if how == 1:
            (self.top / "new").write_bytes(raw)
            (self.top / "new").replace(path)
        elif how == 2:
            # Made anew at once, so that it often gets the inode of the old one.
            path.unlink()
        path.write_bytes(raw)
        if how:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        self.file(pick).unlink(missing_ok=True)

    @rule(pick=PICK, kind=st.sampled_from(OF_SKILLS), path=st.sampled_from(PATHS), text=PICK)
    def add(self, pick: int, kind: str, path: str, text: int) -> None:
        file = self.root / kind / self.skill(pick).name / path
        if not any(one.is_symlink() or one.is_file() for one in file.parents) and not file.is_symlink():
            put(file, text)

    @rule(pick=PICK, name=st.sampled_from([*NAMES, "adders", "new\nline", "b\udcffd"]))
    def rename_skill(self, pick: int, name: str) -> None:
        old = self.skill(pick).name
        if not (self.root / "skills" / name).exists() and self.skill(pick).exists():
            for kind in OF_SKILLS:
                shutil.rmtree(self.root / kind / name, ignore_errors=True)
                if (self.root / kind / old).exists():
                    (self.root / kind / old).rename(self.root / kind / name)

    @rule(pick=PICK)
    def drop_skill(self, pick: int) -> None:
        name = self.skill(pick).name
        for kind in OF_SKILLS[: pick % 4]:
            shutil.rmtree(self.root / kind / name, ignore_errors=True)

    @rule(pick=PICK, name=st.sampled_from(NAMES))
    def add_skill(self, pick: int, name: str) -> None:
        # Nothing can be put behind a link that leads nowhere, nor below a file.
        folder = self.root / "skills" / name
        if folder.is_symlink() or folder.is_file():
            return
        put(self.root / "skills" / name / "SKILL.md", pick)
        put(self.root / "skills" / name / "skill.yaml", pick)

    @rule(kind=st.sampled_from([*OF_SKILLS]), one=PICK, other=PICK)
    def swap_folders(self, kind: str, one: int, other: int) -> None:
        first, second = (self.root / kind / self.skill(pick).name for pick in (one, other))
        if first != second and first.exists() and second.exists():
            self.swap(first, second)

    @rule(pick=PICK, other=PICK)
    def swap_files_of_a_size(self, pick: int, other: int) -> None:
        path = self.file(pick)
        alike = [one for one in self.entries() if one.stat().st_size == path.stat().st_size]
        if alike[other % len(alike)] != path:
            self.swap(path, alike[other % len(alike)])

    def swap(self, first: Path, second: Path) -> None:
        for old, new in ((first, self.top / "between"), (second, first), (self.top / "between", second)):
            old.rename(new)

    @rule(pick=PICK, mode=st.sampled_from([0o755, 0o644, 0o644 if os.geteuid() else 0o000]))
    def change_mode(self, pick: int, mode: int) -> None:
        for path in self.entries()[pick % 5 :: 5]:
            path.chmod(mode)

    @rule(pick=PICK, whole_folder=st.booleans(), is_hard=st.booleans())
    def link(self, pick: int, whole_folder: bool, is_hard: bool) -> None:
        path, aside = self.file(pick), self.top / str(self.turn)
        if whole_folder and len(path.relative_to(self.root).parts) > 2:
            path = path.parent
        if path.name != "skillctl.yaml":
            path.rename(aside)
            path.hardlink_to(aside) if is_hard and aside.is_file() else path.symlink_to(aside)

    @rule(pick=PICK)
    def unlink(self, pick: int) -> None:
        for path in self.entries(links=True)[: pick % 3]:
            path.unlink()
            put(path, pick)

    @rule(name=st.sampled_from(["skillctl.yaml", ".claude/mcp-servers.json"]), text=PICK, is_there=st.booleans())
    def share(self, name: str, text: int, is_there: bool) -> None:
        (self.root / name).unlink(missing_ok=True)
        if is_there:
            put(self.root / name, text)

    @rule(pick=PICK, seconds=st.sampled_from([-3_000_000_000, -1, 0, 1, 946_684_800, 4_000_000_000]))
    def set_time(self, pick: int, seconds: int) -> None:
        for path in (self.file(pick), self.file(pick).parent):
            os.utime(path, (seconds, seconds))

    @rule(at=PICK, how=st.sampled_from(["delete", "truncate", "flip", "bring"]))
    def spoil(self, at: int, how: str) -> None:
        cache = cache_in(self.root)
        raw = cache.read_bytes() if cache.exists() else b""
        if how == "delete":
            cache.unlink(missing_ok=True)
        else:
            self.kept.append(raw)
            spoilt = {"truncate": raw[:at], "flip": same_size(raw, at, b"~"), "bring": self.kept[at % len(self.kept)]}
            cache.write_bytes(spoilt[how])

    @rule(pick=PICK)
    def validate_one(self, pick: int) -> None:
        for name in fresh(self.root).skills[pick % 3 : pick % 5]:
            assert remembered(self.root, name) == fresh(self.root, name)


TestCompany = Company.TestCase
TestCompany.settings = settings(max_examples=30, stateful_step_count=30, deadline=None, database=None, derandomize=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return opened(tmp_path / "shop")


def test_a_policy_from_the_future_is_read_again_each_time(tmp_path: Path) -> None:
    root = opened(tmp_path / "shop")
    policy, far = root / "skillctl.yaml", 4_000_000_000 * 10**9
    for text in ("gates: 7\n", "gates: []\n", "gates: 8\n"):
        policy.write_text(text)
        os.utime(policy, ns=(far, far))
        assert remembered(root) == fresh(root)


def test_what_is_the_same_is_not_judged_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(root)
    expected, seen = remembered(root), list[str]()
    monkeypatch.setattr(judge, "judge_files", lambda tree, name, known=None: seen.append(name))
    assert remembered(root) == expected
    assert is_believed(root)
    quietly(root / "skills/rates/SKILL.md", (root / "skills/rates/SKILL.md").read_bytes())
    assert remembered(root) == expected
    assert seen == ["rates"]


@pytest.mark.parametrize("ticks", [0, 1])
def test_a_change_within_the_tick_of_the_run_is_seen(root: Path, monkeypatch: pytest.MonkeyPatch, ticks: int) -> None:
    def coarse(found: os.stat_result) -> folder_tree.Identity:
        return (found.st_ino, found.st_size, 7, 7, found.st_mode)

    monkeypatch.setattr(folder_tree, "identity", coarse)
    monkeypatch.setattr(validation_cache, "identity", coarse)
    monkeypatch.setattr(validation_cache, "_stamp", lambda state: 7 + ticks)
    remembered(root)
    path = root / "skills/adder/skill.yaml"
    quietly(path, path.read_bytes().replace(b"1.0.0", b"1.x.0"))
    # Only a clock that has gone on since the change may be relied on: here it stands still, and shows nothing.
    assert (remembered(root) == fresh(root)) is not bool(ticks)
    assert is_believed(root) is bool(ticks)


def test_a_cache_that_was_copied_with_its_files_is_not_believed(root: Path, tmp_path: Path) -> None:
    settle(root)
    remembered(root)
    assert is_believed(root)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", root, copy], check=True)
    assert not is_believed(copy)
    quietly(copy / "skills/taxes/SKILL.md", same_size((copy / "skills/taxes/SKILL.md").read_bytes(), 0, b"x"))
    assert remembered(copy) == remembered(copy) == fresh(copy)


def test_another_tool_begins_anew(root: Path) -> None:
    settle(root)
    remembered(root)
    assert not is_believed(root, "another tool")
    assert remembered(root, key="another tool") == fresh(root)
    assert is_believed(root, "another tool")


@pytest.mark.parametrize("raw", [b"", b"\n", b"{}\n", b"[]\n", b"null\n", b"7\n", b'"key"\n', b"\xff\n", b"{" * 100])
def test_a_cache_that_is_none_is_rebuilt(root: Path, raw: bytes) -> None:
    settle(root)
    cache_in(root).write_bytes(raw)
    assert remembered(root) == fresh(root)
    assert is_believed(root)


def test_a_suppression_ends_on_its_day_whatever_is_remembered(root: Path) -> None:
    settle(root)
    for today in ("2030-01-31", "2030-02-01", "2030-01-31"):
        expected = validate(FolderTree(root), today=today)
        assert remembered(root, today=today) == expected
        assert ("SK602" in {found.code for found in expected.findings}) is (today > "2030-01-31")


def test_where_nothing_can_be_written_everything_is_judged(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "permission denied")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert remembered(root) == remembered(root) == fresh(root)
    assert not cache_in(root).exists()
    shutil.rmtree(root / ".skillctl")
    (root / ".git").touch()
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert Wiring(root).memory(FolderTree(root)) is None


def test_folders_that_do_not_show_a_new_name_are_not_relied_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat, old = os.stat, SimpleNamespace(st_mtime_ns=0)
    monkeypatch.setattr(os, "stat", lambda path, **how: old if path == root / ".skillctl" else stat(path, **how))
    assert remembered(root) == fresh(root)
    assert not cache_in(root).exists()


def test_ci_neither_reads_nor_writes_it(draft_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    expected = shop.skillctl("validate")
    raw = cache_in(shop.root).read_bytes()
    monkeypatch.setenv("CI", "1")
    monkeypatch.setattr(validation_cache, "loaded", lambda file, key: pytest.fail("it was read"))
    assert shop.skillctl("validate").data == expected.data
    assert cache_in(shop.root).read_bytes() == raw
    cache_in(shop.root).unlink()
    assert shop.skillctl("validate").data == expected.data
    assert not cache_in(shop.root).exists()
