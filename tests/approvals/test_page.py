"""`docs/approvals.md`: its commands, exactly as they stand there, check a real approval without our tool."""

import subprocess
from pathlib import Path

import pytest

from skillctl.domain import approval
from tests.approvals.conftest import Office


def commands(project: Path) -> str:
    """All commands of the page's second half, but for the line that says which approval is meant."""
    page = (project / "docs/approvals.md").read_text()
    part = page.split("## Checking one without `skillctl`")[1].split("A signature over a suite")[0]
    lines = [line[4:] for line in part.splitlines() if line.startswith("    ")]
    assert lines[0].startswith("name=")
    return "\n".join(lines[1:])


def checked(office: Office, project: Path) -> "subprocess.CompletedProcess[str]":
    script = f"set -u\nname=adder version=1.0.0 person=maria\n{commands(project)}\n"
    return subprocess.run(["sh", "-c", script], cwd=office.shop.root, capture_output=True, text=True, check=False)


@pytest.fixture
def approved(waiting: Office) -> Office:
    waiting.approve("maria")
    waiting.merge()
    return waiting


def test_the_page_checks_a_good_approval(approved: Office, project: Path) -> None:
    done = checked(approved, project)
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert said[:3] == ["ok SKILL.md", "ok scripts/add.py", "ok skill.yaml"]
    assert said[3] == said[4] == approved.shop.skillctl("history", "adder").data["versions"][0]["digest"]
    assert said[5] == "True passed"
    assert said[7].startswith('Good "skillctl-approval" signature for maria')
    assert said[8:] == ["Ana Author <ana@example.test>"]


def test_the_page_finds_what_is_wrong(approved: Office, project: Path) -> None:
    path = approved.shop.root / approval.path_of("adder", "1.0.0")
    path.write_text(path.read_text().replace('"passed"', '"failed"').replace('"sha256": "', '"sha256": "0', 1)[:-1])
    done = checked(approved, project)
    assert "WRONG SKILL.md" in done.stdout
    assert "Good" not in done.stdout
    assert "incorrect signature" in done.stderr + done.stdout


def test_a_suites_line_is_as_the_page_has_it(project: Path) -> None:
    line = '{"skill":"NAME","suite":"sha256:DIGEST"}'
    assert f"    {line}\n" in (project / "docs/approvals.md").read_text()
    assert approval.suite_text("NAME", "sha256:DIGEST").decode() == line + "\n"
