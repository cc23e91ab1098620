"""SSH signatures: keys of files, of an agent, in other forms, and what is no signature."""

import subprocess
from pathlib import Path

import pytest

from skillctl.adapters.signatures import SshSignatures
from skillctl.errors import UsageError

RAW, PURPOSE = b"bytes", "skillctl-approval"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file


def public(key: Path) -> str:
    return key.with_suffix(".pub").read_text().strip()


def test_a_signature_is_of_its_key_its_bytes_and_its_purpose(key: Path) -> None:
    signatures = SshSignatures(key)
    sheet, keys = signatures.sign(RAW, PURPOSE), ["ssh-ed25519 broken", public(key)]
    assert signatures.verifies(RAW, sheet, keys, PURPOSE)
    assert signatures.is_of(RAW, sheet, PURPOSE)
    assert signatures.signer(RAW, sheet, {"ana": ["x"], "maria": keys}, PURPOSE) == "maria"
    for raw, signed, own, purpose in (
        (b"other", sheet, keys, PURPOSE),
        (RAW, sheet, keys, "skillctl-suite"),
        (RAW, sheet, keys[:1], PURPOSE),
        (RAW, sheet, [], PURPOSE),
        (RAW, sheet, [f"x\nsigner {keys[1]}"], PURPOSE),
        (RAW, b"", keys, PURPOSE),
        (RAW, sheet + b"-" * 100_000, keys, PURPOSE),
    ):
        assert not signatures.verifies(raw, signed, own, purpose)
    assert not signatures.is_of(b"other", sheet, PURPOSE)
    assert not signatures.is_of(RAW, b"-" * 100_000, PURPOSE)


def test_an_agent_signs_for_a_public_key(key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        while not (tmp_path / "agent").exists():
            pass
        subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True)
        file = tmp_path / "only.pub"
        file.write_text(public(key))
        for named in (file, public(key), f"key::{public(key)}"):
            sheet = SshSignatures(named).sign(RAW, PURPOSE)
            assert SshSignatures().verifies(RAW, sheet, [public(key)], PURPOSE)
    finally:
        agent.terminate()
        agent.wait()


def test_what_cannot_sign_says_so(key: Path, tmp_path: Path) -> None:
    (tmp_path / "no-key").write_text("nonsense")
    for named, words in (
        (None, "there is no SSH key to sign with"),
        (tmp_path / "none", "there is no key"),
        (tmp_path / "no-key", "did not sign"),
        ("ssh-ed25519 nonsense", "did not sign"),
    ):
        with pytest.raises(UsageError, match=words):
            SshSignatures(named).sign(RAW, PURPOSE)
