"""What `validate` sees beside the single skill: what belongs to nobody, and what no later step would take."""

import shutil

from tests.shop import Shop


def found(shop: Shop) -> list[tuple[str, str]]:
    return [(one["code"], one["file"]) for one in shop.skillctl("validate").envelope["findings"]]


def test_nothing_at_all_is_said(shop: Shop) -> None:
    shutil.rmtree(shop.root / "skills")
    shutil.rmtree(shop.root / "evals")
    assert found(shop) == [("SK010", "skills")]
    shop.write("skills", "a file")
    assert found(shop) == [("SK010", "skills")]


def test_a_suite_without_a_skill(shop: Shop) -> None:
    shutil.copytree(shop.root / "evals/adder", shop.root / "evals/ghost")
    shop.write("evals/ghost/suite.yaml", (shop.root / "evals/adder/suite.yaml").read_text().replace("adder", "ghost"))
    assert found(shop) == [("SK305", "evals/ghost")]


def test_an_approval_without_a_skill(shop: Shop) -> None:
    shop.approve()
    shutil.rmtree(shop.root / "skills/adder")
    assert ("SK410", "approvals/adder") in found(shop)


def test_what_has_no_identity(shop: Shop) -> None:
    (shop.root / "skills/adder/link").symlink_to("/etc/passwd")
    (shop.root / "skills/adder/two\nlines").write_text("x")
    assert found(shop) == [("SK209", "skills/adder/link"), ("SK209", "skills/adder/two\\nlines")]


def test_a_status_that_cannot_be_rewritten(shop: Shop) -> None:
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text().replace("status: draft  # kept", "status: |-\n  draft"))
    assert found(shop) == [("SK210", "skills/adder/skill.yaml")]


def test_a_character_that_no_store_can_hold(shop: Shop) -> None:
    sheet = shop.root / "skills/adder/SKILL.md"
    sheet.write_text(sheet.read_text().replace('"Adds.', '"Adds\\0.'))
    assert found(shop) == [("SK001", "skills/adder/SKILL.md")]


def test_many_missing_files_are_told_of_quickly(shop: Shop) -> None:
    sheet = shop.root / "skills/adder/SKILL.md"
    sheet.write_text(sheet.read_text() + "".join(f"scripts/missing-{n}.py\n" for n in range(40_000)))
    assert [code for code, _ in found(shop) if code != "SK225"] == ["SK207"] * 20
