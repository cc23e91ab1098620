"""Where commits are made: worktrees, submodules, no branch, a shallow clone, odd paths; and Git signs as it is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shop import Shop, run

HOLDER = """
import sys
from pathlib import Path
from skillctl.adapters.git_repository import GitRepository
with GitRepository(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def approved(approved_shop: Path, tmp_path: Path) -> Shop:
    """A repository whose `adder` 1.0.0 is approved and served."""
    return Shop.copied(approved_shop, tmp_path / "approved")


@pytest.fixture
def measured(draft_shop: Path, tmp_path: Path) -> Shop:
    """A repository whose `adder` may be approved."""
    shop = Shop.copied(draft_shop, tmp_path / "measured")
    shop.skillctl("promote", "adder")
    shop.skillctl("eval", "adder")
    return shop


STEPS = [
    ("revise", "adder"),
    ("deprecate", "adder", "--reason", "x"),
    ("withdraw", "adder", "--reason", "x"),
    ("rollback", "adder", "--to", "1.0.0"),
    ("promote", "adder", "--to", "approved", "--version", "1.0.0", "--reason", "x"),
]


def prepared(shop: Shop, words: tuple[str, ...]) -> Shop:
    """A state in which a command has something to do."""
    if words[0] == "rollback":
        shop.write("approvals/adder/serving.yaml", "serving: null\n")
        shop.commit()
    if words[0] == "promote":
        shop.skillctl("deprecate", "adder", "--reason", "x")
    return shop


@pytest.mark.parametrize("words", STEPS)
def test_what_is_staged_or_dirty_elsewhere_stays_so(approved: Shop, words: tuple[str, ...]) -> None:
    shop = prepared(approved, words)
    shop.write("staged.txt", "staged")
    shop.git("add", "staged.txt")
    shop.write("skillctl.yaml", (shop.root / "skillctl.yaml").read_text() + "# dirty\n")
    shop.write("untracked.txt", "untracked")
    before = shop.git("status", "--porcelain")
    assert shop.skillctl(*words).exit_code == 0
    assert shop.git("status", "--porcelain") == before
    assert not {"staged.txt", "skillctl.yaml"} & set(shop.git("show", "--name-only", "--format=").split())


@pytest.mark.parametrize("words", STEPS)
def test_a_hook_that_fails_leaves_everything_as_it_was(approved: Shop, words: tuple[str, ...]) -> None:
    shop = prepared(approved, words)
    shop.write(".git/hooks/pre-commit", "#!/bin/sh\necho no commits today >&2\nexit 1\n").chmod(0o755)
    head = shop.head()
    answer = shop.skillctl(*words)
    assert answer.exit_code == 3
    assert "no commits today" in answer.envelope["error"]["message"]
    assert (shop.head(), shop.is_clean()) == (head, True)


@pytest.mark.parametrize("words", [*STEPS, ("promote", "--auto")])
def test_two_at_once_do_not_corrupt(approved: Shop, words: tuple[str, ...]) -> None:
    shop = prepared(approved, words)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(shop.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for more in ((), ("--branch", "x"), ("--no-commit",)):
            answer = shop.skillctl(*words, *more)
            assert answer.exit_code == 3
            assert "another `skillctl` is changing" in answer.envelope["error"]["message"]
        holder.kill()
        holder.wait()
    assert shop.is_clean()
    assert shop.skillctl(*words).exit_code == 0


def test_a_worktree_promotes_on_its_own_branch(measured: Shop, tmp_path: Path) -> None:
    other = Shop(tmp_path / "other tree")
    measured.git("worktree", "add", "--quiet", "-b", "side", str(other.root))
    assert other.skillctl("eval", "adder").exit_code == 0
    before = measured.head()
    assert other.skillctl("promote", "adder").exit_code == 0
    assert (other.status(), other.is_clean(), measured.head(), measured.status()) == (
        "approved", True, before, "candidate"
    )  # fmt: skip
    answer = measured.skillctl("promote", "adder", "--branch", "side")
    assert answer.exit_code == 2
    assert f"branch `side` is checked out in `{other.root}`" in answer.envelope["error"]["message"]


def test_a_submodule_promotes_in_itself(measured: Shop, tmp_path: Path) -> None:
    outer = Shop.opened(tmp_path / "outer")
    outer.commit()
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(measured.root), "inner")
    outer.commit()
    inner, head = Shop(outer.root / "inner"), outer.head()
    assert (inner.root / ".git").is_file()
    inner.skillctl("eval", "adder")
    assert inner.skillctl("promote", "adder", "--branch", "ready").exit_code == 0
    assert inner.skillctl("promote", "adder").exit_code == 0
    assert (inner.status(), outer.head()) == ("approved", head)
    assert inner.skillctl("status").exit_code == inner.skillctl("history", "adder").exit_code == 0


def test_on_a_detached_head_the_commit_is_on_no_branch(measured: Shop) -> None:
    measured.git("checkout", "--quiet", "--detach")
    before = measured.head()
    assert measured.skillctl("promote", "adder", "--branch", "ready").exit_code == 0
    assert (measured.head(), measured.git("rev-parse", "ready~1")) == (before, before)
    assert measured.skillctl("promote", "adder").exit_code == 0
    assert (measured.git("rev-parse", "main"), measured.git("rev-parse", "HEAD~1")) == (before, before)


def test_a_shallow_clone_is_told_what_to_fetch(measured: Shop, tmp_path: Path) -> None:
    clone = ["git", "clone", "--quiet", "--depth", "1", f"file://{measured.root}", str(tmp_path / "c")]
    subprocess.run(clone, check=True, capture_output=True)
    shop = Shop(tmp_path / "c")
    shop.skillctl("eval", "adder")
    answer = shop.skillctl("promote", "adder")
    assert answer.exit_code == 3
    assert "this clone is shallow" in answer.envelope["error"]["message"]
    assert answer.envelope["error"]["hint"].startswith("run `git fetch --unshallow`")
    assert (shop.status(), shop.is_clean()) == ("candidate", True)
    assert shop.skillctl("why", "adder").exit_code == 0
    shop.git("fetch", "--quiet", "--unshallow")
    assert shop.skillctl("promote", "adder").exit_code == 0


def test_paths_with_spaces_and_letters_beyond_ascii(measured: Shop, tmp_path: Path) -> None:
    shop = Shop.copied(measured.root, tmp_path / "büro der \U0001f600 'zahlen'")
    shop.write("skills/adder/references/größe, a b.md", "x")
    shop.commit()
    shop.skillctl("eval", "adder")
    assert shop.skillctl("promote", "adder", "--branch", "fertig/größe").exit_code == 0
    assert shop.skillctl("promote", "adder").exit_code == 0
    assert shop.git("diff", "main", "fertig/größe") == ""
    assert (shop.status(), shop.is_clean()) == ("approved", True)
    assert shop.skillctl("history", "adder").data["versions"][0]["promoted_at"]
    assert run("-C", shop.root / "skills/adder", "revise", "adder").exit_code == 0


@pytest.fixture
def signing(measured: Shop, tmp_path: Path) -> Shop:
    """Git signs every commit with an SSH key."""
    key = tmp_path / "my key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text().strip()
    (tmp_path / "signers").write_text(f"ana@example.test {public}\n")
    for name, value in (
        ("gpg.format", "ssh"),
        ("user.signingkey", str(key)),
        ("commit.gpgsign", "true"),
        ("gpg.ssh.allowedSignersFile", str(tmp_path / "signers")),
    ):
        measured.git("config", name, value)
    return measured


@pytest.mark.parametrize("words", [(), ("--branch", "ready")])
def test_commits_are_signed_where_git_signs(signing: Shop, words: tuple[str, ...]) -> None:
    answer = signing.skillctl("promote", "adder", *words)
    assert answer.exit_code == 0
    signing.git("verify-commit", answer.data["commit"])
    signing.git("config", "commit.gpgsign", "false")
    plain = signing.skillctl("promote", "adder", "--to", "draft", "--branch", "plain").data.get("commit")
    if plain:
        assert "gpgsig" not in signing.git("cat-file", "-p", plain)


@pytest.mark.parametrize("words", [(), ("--branch", "ready")])
def test_a_key_that_is_gone_leaves_everything_as_it_was(signing: Shop, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "my key").unlink()
    (tmp_path / "my key.pub").unlink()
    head = signing.head()
    answer = signing.skillctl("promote", "adder", *words)
    assert answer.exit_code == 3
    assert "my key" in answer.envelope["error"]["message"]
    assert (signing.head(), signing.is_clean(), signing.git("branch", "--list", "ready")) == (head, True, "")
