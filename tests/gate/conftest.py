"""A company with a candidate on `main`, and one with its promotion on a branch: made once, copied for each test."""

from pathlib import Path

import pytest

from tests.gate.company import Company


@pytest.fixture(scope="session")
def _offering(tmp_path_factory: pytest.TempPathFactory) -> Path:
    company = Company(tmp_path_factory.mktemp("offering") / "company")
    opened = Company.opened(company.root)
    assert isinstance(opened, Company)
    company.make_keys()
    company.write("skillctl.yaml", company.policy())
    company.add_skill()
    company.add_skill("taker", answer=7)
    company.commit("begin")
    for name in ("adder", "taker"):
        assert company.skillctl("promote", name).exit_code == 0
        assert company.skillctl("eval", name).exit_code == 0
    return company.root


@pytest.fixture(scope="session")
def _promoting(_offering: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    company = _copied(_offering, tmp_path_factory.mktemp("promoting"))
    company.on("promotion")
    assert company.skillctl("promote", "adder", "--to", "approved").exit_code == 0
    company.sign("maria")
    company.commit("sign")
    return company.root


def _copied(source: Path, folder: Path) -> Company:
    import shutil

    shutil.copytree(source.parent, folder, symlinks=True, dirs_exist_ok=True)
    return Company(folder / source.name)


@pytest.fixture
def offering(_offering: Path, tmp_path: Path) -> Company:
    """`main` holds the candidates `adder` and `taker`, with evidence on this machine; `main` is checked out."""
    return _copied(_offering, tmp_path)


@pytest.fixture
def promoting(_promoting: Path, tmp_path: Path) -> Company:
    """The same, with branch `promotion` checked out, on which `adder` is approved and maria has signed."""
    return _copied(_promoting, tmp_path)


@pytest.fixture
def serving(promoting: Company) -> Company:
    """The same, with the promotion merged: `main` is checked out, and serves `adder` 1.0.0."""
    promoting.git("checkout", "--quiet", "main")
    promoting.git("merge", "--quiet", "--no-ff", "--no-edit", "promotion")
    return promoting
