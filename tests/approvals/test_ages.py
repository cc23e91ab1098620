"""How old approvals are is the same whatever was asked before, and with it whose work a version is."""

from skillctl.adapters.git_repository import GitRepository
from skillctl.adapters.signatures import SshSignatures
from skillctl.domain.finding import Finding
from skillctl.domain.production import Current
from skillctl.workflows.desired import wanted
from tests.approvals.conftest import Office

MARIA = "Maria <maria@example.test>"
ANA = "Ana Author <ana@example.test>"


def problems(office: Office, asked_before: str | None) -> tuple[Finding, ...]:
    """What a release finds, where the base was asked about before it, as by the gate; or where nothing was."""
    repository = GitRepository(office.shop.root)
    if asked_before is not None:
        repository.introduced(("approvals/adder",), asked_before)
    found = wanted(repository, SshSignatures(), repository.head(), Current(None, None, None, {}))
    return found.desired["adder"].problems


def test_who_wrote_a_version_before_may_approve_the_next(office: Office) -> None:
    shop, sheet = office.shop, office.shop.root / "skills/adder/SKILL.md"
    sheet.write_text(sheet.read_text() + "\nWritten by Maria.\n")
    shop.git("add", "-A")
    shop.git("commit", "-qm", "hers", "--author", MARIA)
    shop.skillctl("eval", "adder")
    office.branch()
    office.state(authors=(ANA, MARIA))
    assert office.approve("jun").exit_code == 0
    office.merge()
    assert problems(office, None) == ()

    assert shop.skillctl("revise", "adder").exit_code == 0
    sheet.write_text(sheet.read_text() + "\nWritten by Ana.\n")
    shop.commit("work")
    for words in (("promote", "adder", "--to", "candidate"), ("eval", "adder")):
        assert shop.skillctl(*words).exit_code == 0
    office.branch("second")
    office.state()
    assert office.approve("maria").exit_code == 0
    office.merge("second")
    base = shop.git("rev-parse", "HEAD^1").strip()
    assert [problems(office, None), problems(office, base)] == [(), ()]
