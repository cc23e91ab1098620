"""Every way round the gate that somebody thought of; what each does to a company, and the codes that stop it.

`docs/gate.md` has the same table. A change is made on a branch, and judged as what merging it into `main` would give.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from tests.gate.company import Company

APPROVAL = "approvals/adder/1.0.0/approval.json"
SUITE = "evals/adder/suite.yaml"
SKILL = "skills/adder/skill.yaml"


@dataclass(frozen=True)
class Attack:
    """`start` is the fixture it begins with; `stopped_by` are codes that must all be there, beside others."""

    title: str
    start: str
    does: Callable[[Company], None]
    stopped_by: tuple[str, ...]


def edit(company: Company, path: str, old: str, new: str) -> None:
    text = (company.root / path).read_text()
    assert old in text, (path, old)
    company.write(path, text.replace(old, new))


def as_author(company: Company, name: str, mail: str, message: str = "change") -> None:
    company.git("add", "--all")
    company.git("commit", "--quiet", "--allow-empty", "-m", message, "--author", f"{name} <{mail}>")


def stated(company: Company, change: Callable[[dict[str, object]], None], signer: str | None = "maria") -> None:
    """The approval with its statement changed, written as the tool writes it, and signed anew."""
    from skillctl.domain import canonical

    statement = json.loads((company.root / APPROVAL).read_text())
    change(statement)
    company.write(APPROVAL, canonical.pretty(statement))
    if signer:
        company.sign(signer)
    company.commit("state it otherwise")


def after_merge(path: str, old: str, new: str) -> Callable[[Company], None]:
    """Something else was merged into `main` after the promotion was measured and signed."""

    def does(company: Company) -> None:
        company.git("checkout", "--quiet", "main")
        edit(company, path, old, new)
        company.commit("another change")
        company.git("checkout", "--quiet", "promotion")

    return does


def widens(company: Company) -> None:
    edit(company, SUITE, 'equals: "42"', 'regex: "^42$"')
    company.commit("as a pattern")
    edited(SUITE, "^42$", "^4")(company)


def edited(path: str, old: str, new: str) -> Callable[[Company], None]:
    def does(company: Company) -> None:
        company.on(company.git("branch", "--show-current").replace("main", "change"))
        edit(company, path, old, new)
        company.commit("edit")

    return does


def signed_by(person: str, key: str | None = None) -> Callable[[Company], None]:
    def does(company: Company) -> None:
        (company.root / "approvals/adder/1.0.0/maria.sig").unlink()
        company.sign(person, key=key)
        company.git("add", "--all")
        company.git("commit", "--quiet", "--amend", "--no-edit")

    return does


def made_executable(company: Company) -> None:
    (company.root / "skills/adder/scripts/add.py").chmod(0o755)
    company.commit("executable")


def copies_evidence(company: Company) -> None:
    other = sorted((company.root / ".skillctl/evidence/taker").glob("*.json"))[0]
    stated(company, lambda said: said["predicate"].update(evidence=json.loads(other.read_text())))  # type: ignore[attr-defined]


def copies_approval(company: Company) -> None:
    shutil.copytree(company.root / "approvals/adder", company.root / "approvals/taker")
    edit(company, "skills/taker/skill.yaml", "status: candidate", "status: approved")
    company.commit("borrow an approval")


def changes_a_digit(company: Company) -> None:
    def change(said: dict[str, object]) -> None:
        case = said["predicate"]["evidence"]["cases"][0]  # type: ignore[index]
        case["seconds"] = case["seconds"] + 1

    stated(company, change, signer=None)


def rehearses(company: Company) -> None:
    def change(said: dict[str, object]) -> None:
        evidence = said["predicate"]["evidence"]  # type: ignore[index]
        evidence["class"] = "rehearsal"

    stated(company, change)


def is_failing(company: Company) -> None:
    def change(said: dict[str, object]) -> None:
        evidence = said["predicate"]["evidence"]  # type: ignore[index]
        evidence["cases"][0].update(outcome="failed", passed=0)
        evidence.update(verdict="failed", pass_rate=0.0)

    edit(company, "skillctl.yaml", "pass_rate: 1.0", "pass_rate: 0.0")
    stated(company, change)


def asks_for_none(company: Company) -> None:
    (company.root / "approvals/adder/1.0.0/maria.sig").unlink()
    edit(company, "skillctl.yaml", "approvals: 1", "approvals: 0")
    company.git("add", "--all")
    company.git("commit", "--quiet", "--amend", "--no-edit")


def adds_approver(company: Company) -> None:
    (company.root / "approvals/adder/1.0.0/maria.sig").unlink()
    edit(company, "skillctl.yaml", "gates:", f'  mallory: {{keys: ["{company.key("mallory")}"]}}\ngates:')
    company.sign("mallory")
    company.git("add", "--all")
    company.git("commit", "--quiet", "--amend", "--no-edit")


def wrote_it(name: str, mail: str, signer: str) -> Callable[[Company], None]:
    """Somebody wrote the content, and signs."""

    def does(company: Company) -> None:
        edit(company, "skills/adder/SKILL.md", "Adds.", "Adds numbers.")
        as_author(company, name, mail)
        assert company.skillctl("eval", "adder").exit_code == 0
        company.on("promotion")
        assert company.skillctl("promote", "adder").exit_code == 0
        company.sign(signer)
        company.commit("sign")

    return does


def drops_the_tag(company: Company) -> None:
    """A tag that asks for two is dropped in a change of its own, before."""
    edit(company, "skillctl.yaml", "tags: [finance]", "tags: [sums]")
    company.commit("two for sums")
    assert company.skillctl("eval", "adder").exit_code == 0
    company.on("first")
    assert company.skillctl("promote", "adder").exit_code == 0
    company.sign("maria")
    company.sign("jun")
    company.commit("sign")
    company.git("checkout", "--quiet", "main")
    company.git("merge", "--quiet", "--no-ff", "--no-edit", "first")
    assert company.skillctl("revise", "adder").exit_code == 0
    edit(company, SKILL, "tags: [sums]", "tags: [other]")
    company.commit("another tag")
    assert company.skillctl("promote", "adder").exit_code == 0
    assert company.skillctl("eval", "adder").exit_code == 0
    company.on("promotion")
    assert company.skillctl("promote", "adder").exit_code == 0
    company.sign("maria", version=company.git("show", f"HEAD:{SKILL}").split('version: "')[1].split('"')[0])
    company.commit("sign")


def is_handed_in(company: Company) -> None:
    """An approval made on another branch is brought in for a draft that never was a candidate."""
    company.git("checkout", "--quiet", "main")
    edit(company, SKILL, "status: candidate", "status: draft")
    company.commit("rework")
    company.git("checkout", "--quiet", "-b", "change")
    company.git("checkout", "promotion", "--", "approvals/adder", "skills/adder")
    company.commit("approve it all the same")


def renames(company: Company) -> None:
    company.on("change")
    company.git("mv", "skills/adder", "skills/summer")
    edit(company, "skills/summer/skill.yaml", "name: adder", "name: summer")
    edit(company, "skills/summer/SKILL.md", "name: adder", "name: summer")
    company.commit("rename")


def renames_all(company: Company) -> None:
    company.on("change")
    for kind in ("skills", "evals", "approvals"):
        company.git("mv", f"{kind}/adder", f"{kind}/summer")
    for path in ("skills/summer/skill.yaml", "skills/summer/SKILL.md"):
        edit(company, path, "name: adder", "name: summer")
    edit(company, "evals/summer/suite.yaml", "skill: adder", "skill: summer")
    company.commit("rename")


def deprecated_then(company: Company) -> None:
    assert company.skillctl("deprecate", "adder", "--reason", "old").exit_code == 0
    company.on("change")
    edit(company, SKILL, "status: deprecated", "status: approved")
    company.write("approvals/adder/serving.yaml", 'serving: "1.0.0"\n')
    company.commit("revive")


def removes(path: str) -> Callable[[Company], None]:
    def does(company: Company) -> None:
        company.on("change")
        company.git("rm", "-r", "--quiet", path)
        company.commit("remove")

    return does


def links(company: Company) -> None:
    (company.root / "skills/adder/scripts/add.py").unlink()
    (company.root / "skills/adder/scripts/add.py").symlink_to("/etc/passwd")
    company.commit("link")


def points(company: Company) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 3\n"
    company.write("skills/adder/scripts/add.py", pointer)
    company.commit("pointer")


def nests(company: Company) -> None:
    company.git("update-index", "--add", "--cacheinfo", f"160000,{company.head()},skills/adder/assets")
    company.git("commit", "--quiet", "-m", "submodule")


def serves(company: Company) -> None:
    company.on("change")
    company.write("approvals/adder/serving.yaml", 'serving: "1.0.0"\n')
    company.commit("serve")


def reuses_number(company: Company) -> None:
    assert company.skillctl("revise", "adder").exit_code == 0
    company.on("change")
    text = (company.root / SKILL).read_text()
    company.write(SKILL, re.sub('version: "[^"]+"', 'version: "1.0.0"', text))
    edit(company, "skills/adder/SKILL.md", "Adds.", "Adds otherwise.")
    company.commit("the old number")


def is_smaller(company: Company) -> None:
    company.on("change")
    edit(company, SKILL, 'version: "1.0.0"', 'version: "0.9.0"')
    edit(company, SKILL, "status: approved", "status: draft")
    company.commit("a smaller number")


ATTACKS = (
    Attack(
        "edit the instructions beside the approval",
        "promoting",
        edited("skills/adder/SKILL.md", "Adds.", "Adds!"),
        ("SK703", "SK412"),
    ),
    Attack(
        "edit a script beside the approval",
        "promoting",
        edited("skills/adder/scripts/add.py", "42", "43"),
        ("SK703", "SK412"),
    ),
    Attack("make a file executable beside the approval", "promoting", made_executable, ("SK703", "SK412")),
    Attack(
        "edit the definition beside the approval", "promoting", edited(SKILL, "# kept", "# KEPT"), ("SK703", "SK412")
    ),
    Attack(
        "edit the suite beside the approval", "promoting", edited(SUITE, "id: adds", "id: sums"), ("SK704", "SK706")
    ),
    Attack(
        "merge another suite after it was measured",
        "promoting",
        after_merge(SUITE, "cases:", "trials: 2\ncases:"),
        ("SK704",),
    ),
    Attack(
        "merge another policy after it was measured",
        "promoting",
        after_merge("skillctl.yaml", "evidence: [deterministic]", "min_cases: 1, evidence: [deterministic]"),
        ("SK704",),
    ),
    Attack(
        "swap the content between review and merge",
        "promoting",
        after_merge("skills/adder/SKILL.md", "Adds.", "Adds all."),
        ("SK405", "SK412"),
    ),
    Attack("copy the evidence of another skill", "promoting", copies_evidence, ("SK405",)),
    Attack("copy the approval of another skill", "promoting", copies_approval, ("SK402", "SK208")),
    Attack("change one digit of the approval", "promoting", changes_a_digit, ("SK705",)),
    Attack("evidence of a fake runner", "promoting", rehearses, ("SK704",)),
    Attack("lower the threshold in the same change", "promoting", is_failing, ("SK704",)),
    Attack("ask for no approvals in the same change", "promoting", asks_for_none, ("SK705",)),
    Attack("add yourself to the people in the same change", "promoting", adds_approver, ("SK705",)),
    Attack("sign with the key of nobody", "promoting", signed_by("jun", key="mallory"), ("SK705",)),
    Attack("approve with a bot", "promoting", signed_by("ci"), ("SK705",)),
    Attack("approve your own", "offering", wrote_it("Jun", "jun@example.test", "jun"), ("SK705",)),
    Attack("approve your own under another mail", "offering", wrote_it("J", "JUN@example.test", "jun"), ("SK705",)),
    Attack("approve your own under a mail of nobody", "offering", wrote_it("J", "jun@home.test", "jun"), ("SK705",)),
    Attack("drop the tag that asks for more, in a change before", "offering", drops_the_tag, ("SK705",)),
    Attack("delete the case that fails", "offering", edited(SUITE, "id: adds", "id: other"), ("SK706",)),
    Attack("loosen the case that fails", "offering", edited(SUITE, 'equals: "42"', 'contains: "4"'), ("SK706",)),
    Attack("widen a regular expression", "offering", widens, ("SK706",)),
    Attack(
        "take a case out of the evidence",
        "offering",
        edited(SUITE, "id: adds,", "id: adds, rehearsal: true,"),
        ("SK706",),
    ),
    Attack("remove the suite", "offering", removes("evals/adder"), ("SK706",)),
    Attack("write `approved` by hand", "offering", edited(SKILL, "status: candidate", "status: approved"), ("SK208",)),
    Attack("jump from draft to approved", "promoting", is_handed_in, ("SK701", "SK703")),
    Attack("serve what was never approved", "offering", serves, ("SK401",)),
    Attack("edit approved content", "serving", edited("skills/adder/SKILL.md", "Adds.", "Adds!"), ("SK412",)),
    Attack("use an old version number again", "serving", reuses_number, ("SK702", "SK412")),
    Attack("go back to a smaller version", "serving", is_smaller, ("SK702",)),
    Attack(
        "take an approved version back to draft",
        "serving",
        edited(SKILL, "status: approved", "status: draft"),
        ("SK701",),
    ),
    Attack("revive a deprecated version by hand", "serving", deprecated_then, ("SK701", "SK708")),
    Attack("delete an approval", "serving", removes("approvals/adder/1.0.0/approval.json"), ("SK411",)),
    Attack("delete a signature", "serving", removes("approvals/adder/1.0.0/maria.sig"), ("SK709",)),
    Attack("edit an approval on record", "serving", edited(APPROVAL, "candidate", "candidate "), ("SK709",)),
    Attack("delete the folder of a served skill", "serving", removes("skills/adder"), ("SK410",)),
    Attack(
        "stop serving without a word", "serving", edited("approvals/adder/serving.yaml", '"1.0.0"', "null"), ("SK407",)
    ),
    Attack("rename the folder", "serving", renames, ("SK410", "SK701", "SK208")),
    Attack("rename everything", "serving", renames_all, ("SK402", "SK411", "SK709")),
    Attack("a symbolic link as a file of the skill", "promoting", links, ("SK009", "SK412")),
    Attack("a submodule as a file of the skill", "promoting", nests, ("SK009", "SK412")),
    Attack("a pointer of a content filter as a file of the skill", "promoting", points, ("SK009", "SK412")),
)
