"""A company for the tests of the gate: people with keys, a policy that asks for approvals, a promotion on a branch."""

import subprocess
from pathlib import Path

from tests.shop import Answer, Shop

PEOPLE = ("maria", "jun", "ci")
POLICY = """\
people:
  ana: {{emails: [ana@example.test, ana@home.test]}}
  maria: {{emails: [maria@example.test], keys: ["{maria}"]}}
  jun: {{emails: [jun@example.test], keys: ["{jun}"]}}
  ci: {{emails: [ci@example.test], keys: ["{ci}"], bot: true}}
gates:
  - {{to: candidate, min_cases: 1}}
  - {{to: approved, evidence: [deterministic], pass_rate: 1.0, approvals: 1}}
  - {{to: approved, tags: [finance], approvals: 2}}
recorders: none
environments:
  prod: {{store: supabase, mattermost: {{}}, n8n: {{}}}}
"""


class Company(Shop):
    """A shop whose people sign; `keys` is the folder of their keys."""

    @property
    def keys(self) -> Path:
        return self.root.parent / "keys"

    def key(self, person: str) -> str:
        """Somebody's public key, without its comment."""
        return " ".join((self.keys / f"{person}.pub").read_text().split()[:2])

    def policy(self) -> str:
        return POLICY.format(**{person: self.key(person) for person in PEOPLE})

    def make_keys(self) -> None:
        self.keys.mkdir()
        for person in (*PEOPLE, "mallory"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", str(self.keys / person)]
            subprocess.run(command, check=True)

    def sign(self, person: str, version: str = "1.0.0", name: str = "adder", key: str | None = None) -> None:
        """Somebody's signature over an approval, not committed."""
        self._signed(
            self.root / f"approvals/{name}/{version}/approval.json", key or person, "skillctl-approval", person
        )

    def sign_suite(self, person: str, name: str = "adder") -> None:
        """Somebody's signature over the suite as the folder has it, not committed."""
        from skillctl.adapters.git_repository import GitRepository
        from skillctl.domain import approval
        from skillctl.workflows.measure import suite_content

        digest = suite_content(GitRepository(self.root).pending(f"evals/{name}"), name).digest
        folder = self.root / approval.suite_signature_path_of(name, digest, person)
        folder.parent.mkdir(parents=True, exist_ok=True)
        sheet = folder.parent / "said"
        sheet.write_bytes(approval.suite_text(name, digest))
        self._signed(sheet, person, "skillctl-suite", person)
        sheet.unlink()

    def _signed(self, file: Path, key: str, namespace: str, person: str) -> None:
        made = file.with_name(f"{file.name}.sig")
        made.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(self.keys / key), "-n", namespace, str(file)]
        subprocess.run(command, check=True, capture_output=True)
        made.rename(file.with_name(f"{person}.sig"))

    def gate(self, *words: str) -> Answer:
        """The change on the branch that is checked out, judged."""
        return self.skillctl("gate", *(words or ("--base", "main")))

    def on(self, branch: str) -> None:
        self.git("checkout", "--quiet", "-B", branch)


def errors(answer: Answer) -> list[str]:
    """The codes of all errors."""
    return sorted({one["code"] for one in answer.envelope["findings"] if one["severity"] == "error"})
