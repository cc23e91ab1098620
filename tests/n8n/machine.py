"""A machine that n8n reaches by SSH: a real sshd on this one, a clone, and a `skillctl` that answers as it is told."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_SKILLCTL = """\
#!/bin/sh
echo "$*" >> "{folder}/called"
[ "$1" = sync ] || exit 0
cat "{folder}/answer"
exit "$(cat "{folder}/code")"
"""
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
SetEnv PATH={folder}/bin:/usr/bin:/bin
"""


@dataclass(frozen=True)
class Machine:
    """A running one; `clone` follows `origin`."""

    folder: Path
    port: int

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @property
    def credential(self) -> dict[str, object]:
        """What n8n logs in with."""
        key = (self.folder / "user").read_text()
        return {"host": "127.0.0.1", "port": self.port, "username": getpass.getuser(), "privateKey": key}

    def answers(self, text: str, code: int) -> None:
        """What `skillctl sync` says from here on."""
        (self.folder / "answer").write_text(text, encoding="utf-8")
        (self.folder / "code").write_text(str(code))
        (self.folder / "called").write_text("")

    def called(self) -> list[str]:
        """The words of every `skillctl` since then."""
        return (self.folder / "called").read_text().splitlines()


@contextmanager
def machine(folder: Path, sshd: str) -> Iterator[Machine]:
    """Up, with keys of its own."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "bin").mkdir()
    program = folder / "bin" / "skillctl"
    program.write_text(_SKILLCTL.format(folder=folder))
    program.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder / "origin"], check=True)
    subprocess.run(["git", "clone", "--quiet", folder / "origin", folder / "clone"], check=True, capture_output=True)
    for words in (("commit", "--quiet", "--allow-empty", "-m", "first"), ("push", "--quiet", "origin", "HEAD:main")):
        subprocess.run(["git", *words], cwd=folder / "clone", check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(_CONFIG.format(folder=folder, port=port))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "config"], stdin=subprocess.DEVNULL, stderr=log)
    try:
        yield Machine(folder, port)
    finally:
        process.terminate()
        process.wait(30)
