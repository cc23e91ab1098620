"""SSH signatures by `ssh-keygen -Y`: keys of an agent or of hardware work as those in files do.

Format: PROTOCOL.sshsig of OpenSSH; a signature is made for one purpose (its namespace) and passes for no other.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from skillctl.errors import Unreachable, UsageError

_SECONDS = 60.0
#: What OpenSSH says where it can do none of this (before 8.2).
_TOO_OLD = "unknown option"
#: How a public key begins that stands in the place of its file.
_KINDS = ("ssh-", "sk-", "ecdsa-")
#: No signature of any kind of key is longer.
_MOST_BYTES = 64 * 1024
#: Whoever the keys are of: one is asked about at a time.
_SOMEBODY = "signer"


class SshSignatures:
    """Signs with one key, and verifies against the keys of people."""

    def __init__(self, key: Path | str | None = None) -> None:
        """`key` is a private key, or the public one of an agent's; or this public key itself, as Git may have it."""
        self._key = key

    def sign(self, raw: bytes, namespace: str) -> bytes:
        """The signature over these bytes for one purpose; UsageError where there is no key that signs."""
        if self._key is None:
            hint = "name one with `--sign KEY`, or set `git config user.signingkey KEY`"
            raise UsageError("there is no SSH key to sign with", hint=hint)
        text = str(self._key).removeprefix("key::")
        if not text.startswith(_KINDS) or " " not in text:
            return self._signed(Path(text).expanduser(), raw, namespace)
        with tempfile.TemporaryDirectory(prefix="skillctl-signature-") as name:
            public = Path(name, "key.pub")
            public.write_text(text + "\n", encoding="utf-8")
            return self._signed(public, raw, namespace)

    def _signed(self, key: Path, raw: bytes, namespace: str) -> bytes:
        if not key.is_file():
            raise UsageError(f"there is no key `{key}`", hint="name a private key, or the public one of an agent's")
        done = _run(["-Y", "sign", "-q", "-f", str(key), "-n", namespace], raw)
        if done.returncode != 0 or not done.stdout:
            raise UsageError(f"`{key}` did not sign: {_last_line(done.stderr)}", hint="is it an SSH key?")
        return done.stdout

    def signer(self, raw: bytes, signature: bytes, keys: Mapping[str, Sequence[str]], namespace: str) -> str | None:
        """Who of these people (name → public keys) signed these bytes for this purpose; None if none did."""
        found = (person for person, own in keys.items() if self.verifies(raw, signature, own, namespace))
        return next(found, None)

    def verifies(self, raw: bytes, signature: bytes, keys: Sequence[str], namespace: str) -> bool:
        """Whether one of these public keys, all of one person, signed these bytes for this purpose."""
        # A key is one line; more of it would be a line of its own, which could name somebody else.
        lines = [f"{_SOMEBODY} {key}\n" for key in keys if len(key.splitlines()) == 1]
        if not lines or len(signature) > _MOST_BYTES:
            return False
        with tempfile.TemporaryDirectory(prefix="skillctl-signature-") as name:
            allowed, sheet = Path(name, "allowed"), Path(name, "sheet")
            allowed.write_text("".join(lines), encoding="utf-8")
            sheet.write_bytes(signature)
            words = ["-Y", "verify", "-f", str(allowed), "-I", _SOMEBODY, "-n", namespace, "-s", str(sheet)]
            return _run(words, raw).returncode == 0

    def is_of(self, raw: bytes, signature: bytes, namespace: str) -> bool:
        """Whether some key, of anybody, signed these bytes for this purpose."""
        if len(signature) > _MOST_BYTES:
            return False
        with tempfile.TemporaryDirectory(prefix="skillctl-signature-") as name:
            sheet = Path(name, "sheet")
            sheet.write_bytes(signature)
            return _run(["-Y", "check-novalidate", "-n", namespace, "-s", str(sheet)], raw).returncode == 0


def _run(arguments: Sequence[str], raw: bytes) -> "subprocess.CompletedProcess[bytes]":
    if shutil.which("ssh-keygen") is None:
        raise Unreachable("there is no `ssh-keygen` in `PATH`", hint="install OpenSSH 8.2 or newer")
    try:
        done = subprocess.run(["ssh-keygen", *arguments], input=raw, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unreachable(
            "`ssh-keygen` did not answer", hint="does the key wait for a touch or a passphrase?"
        ) from None
    if _TOO_OLD in done.stderr.decode("utf-8", "replace"):
        raise Unreachable("`ssh-keygen` cannot sign", hint="install OpenSSH 8.2 or newer")
    return done


def _last_line(said: bytes) -> str:
    return (said.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
