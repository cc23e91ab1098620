"""What `sync` believes: an approval counts with the signatures that lie in the commit, and not without."""

from skillctl.adapters.git_repository import GitRepository
from skillctl.adapters.signatures import SshSignatures
from skillctl.domain.finding import Finding
from skillctl.domain.production import Current
from skillctl.workflows.desired import wanted
from tests.approvals.conftest import GATE, Office


def problems(office: Office) -> tuple[Finding, ...]:
    """What stands in the way of `adder` in the commit that is checked out."""
    repository = GitRepository(office.shop.root)
    judged = wanted(repository, SshSignatures(), repository.head(), NOTHING)
    assert bool(judged.bundles) is not bool(judged.desired["adder"].problems)
    return judged.desired["adder"].problems


NOTHING = Current(commit=None, release=None, head=None, skills={})


def test_an_approval_without_its_signatures_is_not_released(waiting: Office) -> None:
    waiting.merge()
    (finding,) = problems(waiting)
    assert finding.code == "SK406"
    assert finding.message == "adder@1.0.0: approvals are missing: observed 0 approvals, required 1"
    assert finding.hint == "run `skillctl approve adder` as one of: jun, maria"


def test_with_them_it_is(waiting: Office) -> None:
    waiting.approve("maria")
    waiting.merge()
    assert problems(waiting) == ()


def test_a_squash_of_the_branch_holds_too(waiting: Office) -> None:
    waiting.approve("maria")
    waiting.shop.git("switch", "--quiet", "main")
    waiting.shop.git("merge", "--quiet", "--squash", "promotion")
    waiting.shop.commit("squashed")
    assert problems(waiting) == ()
    assert waiting.verify().exit_code == 0


def test_a_policy_that_asks_for_less_in_the_same_change_counts_for_nothing(waiting: Office) -> None:
    waiting.shop.write("skillctl.yaml", waiting.policy(GATE.replace("approvals: 1", "approvals: 0")))
    waiting.shop.commit("ask nobody")
    waiting.merge()
    assert [finding.code for finding in problems(waiting)] == ["SK406"]


def test_where_nothing_is_asked_nobody_has_to_sign(office: Office) -> None:
    office.settle(GATE.replace("approvals: 1", "approvals: 0"))
    office.shop.skillctl("eval", "adder")
    office.branch()
    office.state()
    office.merge()
    assert problems(office) == ()


def test_a_policy_of_the_base_that_cannot_be_read_lets_nothing_through(waiting: Office) -> None:
    waiting.approve("maria")
    waiting.shop.git("switch", "--quiet", "main")
    waiting.shop.write("skillctl.yaml", "people: [")
    waiting.shop.commit("break it")
    waiting.shop.git("merge", "--quiet", "--no-ff", "-m", "merge", "-X", "theirs", "promotion")
    waiting.shop.write("skillctl.yaml", waiting.policy())
    waiting.shop.commit("mend it")
    assert [finding.code for finding in problems(waiting)] == ["SK406"]
    assert waiting.verify().codes[:1] == ["SK406"]
