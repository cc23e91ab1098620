"""The journal: what was added is there, and is read once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from skillctl.adapters import trial_files
from skillctl.adapters.evidence_files import EvidenceFiles
from skillctl.adapters.trial_files import TrialFiles
from skillctl.domain.arm import Arm
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.trial import Trial
from tests.domain.made import evidence


def trial(case: str) -> Trial:
    return Trial(
        case=case,
        arm=Arm.WITH_SKILL,
        number=1,
        evidence_class=EvidenceClass.LIVE,
        outcome=Outcome.PASSED,
        seconds=0.5,
    )


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Callable[[], TrialFiles]]:
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(TrialFiles(tmp_path)))


def test_what_others_added_meanwhile_is_read_and_nothing_twice(
    tmp_path: Path, journals: Callable[[], TrialFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = journals(), journals()
    assert ours.of("adder", "k") == []
    other.keep("adder", "k", trial("a"))
    other.keep("adder", "k", trial("b"))
    assert ours.of("adder", "k") == [trial("a"), trial("b")]
    read: list[bytes] = []
    true = trial_files._read

    def counted(line: bytes) -> Trial | None:
        read.append(line)
        return true(line)

    monkeypatch.setattr(trial_files, "_read", counted)
    other.keep("adder", "k", trial("c"))
    assert ours.of("adder", "k") == [trial("a"), trial("b"), trial("c")]
    assert len(read) == 1
    assert ours.of("adder", "other") == []


def test_a_line_is_read_again_until_it_has_its_end(tmp_path: Path, journals: Callable[[], TrialFiles]) -> None:
    journal = journals()
    journal.keep("adder", "k", trial("a"))
    path = tmp_path / "trials" / "adder" / "k.jsonl"
    whole = path.read_bytes()
    for cut in (whole[:-20], whole[:-1], whole):
        path.write_bytes(whole + cut)
        expected = [trial("a")] * (1 if cut == whole[:-20] else 2)
        assert journal.of("adder", "k") == expected


def test_a_journal_that_was_begun_anew_is_read_from_its_beginning(
    tmp_path: Path, journals: Callable[[], TrialFiles]
) -> None:
    journal = journals()
    for case in ("a", "b"):
        journal.keep("adder", "k", trial(case))
    assert len(journal.of("adder", "k")) == 2
    (tmp_path / "trials" / "adder" / "k.jsonl").unlink()
    assert journal.of("adder", "k") == []
    journal.keep("adder", "k", trial("c"))
    assert journal.of("adder", "k") == [trial("c")]


def test_evidence_lies_where_it_is_put(tmp_path: Path) -> None:
    store = EvidenceFiles(tmp_path)
    place = store.place(evidence())
    assert not Path(place).exists()
    assert store.add(evidence()) == place
    assert Path(place).is_file()


def test_a_line_that_was_cut_off_takes_no_other_with_it(tmp_path: Path, journals: Callable[[], TrialFiles]) -> None:
    journal = journals()
    journal.keep("adder", "k", trial("a"))
    (file,) = (tmp_path / "trials" / "adder").iterdir()
    with file.open("ab") as cut:
        cut.write(b'{"case": "b", "arm"')
    journal.keep("adder", "k", trial("c"))
    assert journals().of("adder", "k") == [trial("a"), trial("c")]
