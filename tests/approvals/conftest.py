"""People with keys, a policy that asks them, and a version that waits for their signatures."""

import subprocess
from pathlib import Path

import pytest

from skillctl.domain import approval, serving
from skillctl.domain.approval import Statement
from skillctl.domain.definition_text import rewritten
from skillctl.domain.digest import Content, measure_skill
from skillctl.domain.evidence import Evidence
from skillctl.domain.tree import TreeFile
from tests.shop import Answer, Shop

PEOPLE = ("ana", "maria", "jun", "robot")
GATE = "{to: approved, evidence: [deterministic], pass_rate: 1.0, approvals: 1}"


class Office:
    """A shop whose people approve; `ana` writes everything."""

    def __init__(self, shop: Shop, keys: Path) -> None:
        self.shop, self.keys = shop, keys

    def public(self, name: str) -> str:
        """The public key of somebody, without its comment."""
        return " ".join((self.keys / f"{name}.pub").read_text().split()[:2])

    def policy(self, *gates: str, people: str = "", more: str = "") -> str:
        """A policy with these gates to `approved`."""
        known = "".join(
            f"  {name}: {{emails: [{name}@example.test, {name}@home.test], keys: [{self.public(name)}]"
            f"{', bot: true' if name == 'robot' else ''}}}\n"
            for name in PEOPLE
        )
        lines = "".join(f"  - {gate}\n" for gate in gates or (GATE,))
        production = "environments: {prod: {store: supabase, mattermost: {}, n8n: {}}}\n"
        return f"people:\n{known}{people}{more}gates:\n{lines}{production}"

    def settle(self, *gates: str, people: str = "", more: str = "") -> None:
        """Have this policy on the branch."""
        self.shop.write("skillctl.yaml", self.policy(*gates, people=people, more=more))
        self.shop.commit("settle the policy")

    def ready(self, name: str = "adder") -> None:
        """Have a committed draft measured, as candidate."""
        for words in (("promote", name, "--to", "candidate"), ("eval", name)):
            answer = self.shop.skillctl(*words)
            assert answer.exit_code == 0, answer.out

    def branch(self, name: str = "promotion") -> None:
        self.shop.git("switch", "--quiet", "--create", name)

    def state(self, name: str = "adder", authors: tuple[str, ...] = ("Ana Author <ana@example.test>",)) -> Statement:
        """Commit what a promotion to `approved` would."""
        return stated(self.shop, name, authors)

    def approve(self, person: str, *words: str, name: str = "adder") -> Answer:
        """`skillctl approve` with somebody's key."""
        return self.shop.skillctl("approve", name, "--sign", str(self.keys / person), *words)

    def merge(self, branch: str = "promotion") -> str:
        """The branch in `main`, by a merge commit."""
        self.shop.git("switch", "--quiet", "main")
        self.shop.git("merge", "--quiet", "--no-ff", "-m", "merge", branch)
        return self.shop.head()

    def verify(self, *words: str) -> Answer:
        return self.shop.skillctl("verify", "--approvals", *words)


def stated(shop: Shop, name: str, authors: tuple[str, ...]) -> Statement:
    """Approve as `promote` does, on the newest evidence there is, whatever the policy asks; committed."""
    folder = f"skills/{name}"
    definition = f"{folder}/skill.yaml"
    shop.write(definition, rewritten((shop.root / definition).read_bytes(), {"status": "approved"}, definition))
    shop.git("add", "--all")
    content = content_of(shop, folder)
    records = [Evidence.model_validate_json(one.read_bytes()) for one in evidence_of(shop, name)]
    record = [one for one in records if one.skill_digest == content.digest][-1]
    statement = approval.state(content, record, list(authors))
    shop.write(approval.path_of(name, record.version), statement.text())
    shop.write(serving.path_of(name), f'serving: "{record.version}"\n')
    shop.commit(f"promote {name} {record.version} to approved")
    return statement


def evidence_of(shop: Shop, name: str) -> list[Path]:
    """The records of this machine, the newest last."""
    return sorted((shop.root / ".skillctl/evidence" / name).iterdir(), key=lambda file: file.stat().st_mtime_ns)


def content_of(shop: Shop, folder: str) -> Content:
    """The content of a folder as it is staged."""
    entries = []
    for line in shop.git("ls-files", "--stage", "--", folder).splitlines():
        head, _, path = line.partition("\t")
        mode, blob, _ = head.split(" ")
        entries.append(TreeFile(path, mode, blob))
    return measure_skill(folder, entries, {one.path: (shop.root / one.path).read_bytes() for one in entries})


@pytest.fixture(scope="session")
def people_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SSH keys of everybody, and of `mallory`."""
    folder = tmp_path_factory.mktemp("keys")
    for name in (*PEOPLE, "mallory", "old"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def candidate_shop(draft_shop: Path, people_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A measured candidate under a policy that asks for one approval; never changed, only copied."""
    office = Office(Shop.copied(draft_shop, tmp_path_factory.mktemp("candidate") / "shop"), people_keys)
    office.settle()
    office.ready()
    return office.shop.root


@pytest.fixture
def office(candidate_shop: Path, people_keys: Path, tmp_path: Path) -> Office:
    """A measured candidate on `main`."""
    return Office(Shop.copied(candidate_shop, tmp_path / "shop"), people_keys)


@pytest.fixture(scope="session")
def waiting_shop(candidate_shop: Path, people_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, stated on a branch; never changed, only copied."""
    office = Office(Shop.copied(candidate_shop, tmp_path_factory.mktemp("waiting") / "shop"), people_keys)
    office.branch()
    office.state()
    return office.shop.root


@pytest.fixture
def waiting(waiting_shop: Path, people_keys: Path, tmp_path: Path) -> Office:
    """A version that is stated on the branch `promotion` and waits for one approval."""
    return Office(Shop.copied(waiting_shop, tmp_path / "shop"), people_keys)
