"""`approval.json`: an in-toto Statement v1 over the files of an approved version, with the evidence that approved it.

Format: https://in-toto.io/Statement/v1; each subject carries the `sha256` of its bytes and Git's `gitBlob` id.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from skillctl.domain import canonical
from skillctl.domain import version as versions
from skillctl.domain.evidence import Digest, Evidence
from skillctl.domain.schema import Model, Name, VersionText, sentence

if TYPE_CHECKING:
    from skillctl.domain.digest import Content

FILE_NAME = "approval.json"
SIGNATURE = ".sig"
#: Where signatures over suites lie, beside the versions.
SUITES = "suites"
#: What a signature is made for: one over an approval passes for nothing else.
NAMESPACE = "skillctl-approval"
SUITE_NAMESPACE = "skillctl-suite"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ObjectId = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]


class SubjectDigest(Model):
    """The two names of a file's bytes."""

    sha256: Sha256
    git_blob: Annotated[ObjectId, Field(alias="gitBlob")]


class FileMode(Model):
    """What Git's tree says of a file beside its bytes."""

    mode: Literal["100644", "100755"]


class Subject(Model):
    """One file of the version; `name` is its path within the skill's folder."""

    name: Annotated[str, Field(min_length=1)]
    digest: SubjectDigest
    annotations: FileMode


class Step(Model):
    """The promotion that was approved."""

    source: Annotated[Literal["candidate"], Field(alias="from")]
    target: Annotated[Literal["approved"], Field(alias="to")]


class Predicate(Model):
    """What was approved, on which evidence; `authors` are those of the content, as `Name <mail>`."""

    skill: Name
    version: VersionText
    digest: Digest
    step: Step
    policy_digest: Annotated[Digest, Field(alias="policyDigest")]
    authors: list[str]
    evidence: Evidence


class Statement(Model):
    """The whole file."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")] = (
        "https://in-toto.io/Statement/v1"
    )
    subject: Annotated[list[Subject], Field(min_length=1)]
    predicate_type: Annotated[Literal["urn:skillctl:approval:v1"], Field(alias="predicateType")] = (
        "urn:skillctl:approval:v1"
    )
    predicate: Predicate

    def record(self) -> dict[str, Any]:
        """The approval as JSON data; its evidence in it is as that would be alone."""
        return self.model_dump(mode="json", by_alias=True)

    def text(self) -> str:
        """The file's text: the same for the same approval, so that writing it twice changes nothing."""
        return canonical.pretty(self.record())


def path_of(skill: str, version: str) -> str:
    """Where the approval of a version lies, from the repository's root."""
    return f"approvals/{skill}/{version}/{FILE_NAME}"


def signature_path_of(skill: str, version: str, person: str) -> str:
    """Where a person's signature over the approval of a version lies."""
    return f"approvals/{skill}/{version}/{person}{SIGNATURE}"


def suite_text(skill: str, suite_digest: str) -> bytes:
    """What an approver signs to let a suite be weaker than the one before it."""
    return canonical.text({"skill": skill, "suite": suite_digest}).encode() + b"\n"


def suite_signature_path_of(skill: str, suite_digest: str, person: str) -> str:
    """Where a person's signature over a suite lies."""
    return f"approvals/{skill}/{SUITES}/{suite_digest.removeprefix('sha256:')}/{person}{SIGNATURE}"


def state(content: "Content", evidence: Evidence, authors: list[str]) -> Statement:
    """The statement over content that is approved on this evidence."""
    subjects = [
        Subject(
            name=file.path,
            digest=SubjectDigest(sha256=file.sha256, git_blob=file.blob),
            annotations=FileMode.model_validate({"mode": file.mode}),
        )
        for file in content.files
    ]
    return Statement(
        subject=subjects,
        predicate=Predicate(
            skill=evidence.skill,
            version=evidence.version,
            digest=content.digest,
            step=Step(source="candidate", target="approved"),
            policy_digest=evidence.policy_digest,
            authors=authors,
            evidence=evidence,
        ),
    )


def last_before(approvals: Mapping[str, Statement], version: str) -> Statement | None:
    """The greatest of these approved versions that is smaller than one; None where there is none."""
    smaller = [known for known in approvals if known != version and versions.is_after(version, known)]
    greatest = versions.greatest(smaller)
    return approvals[greatest] if greatest is not None else None


def read(raw: bytes) -> Statement | str:
    """The statement in a file's bytes, or one sentence that says why it is none."""
    try:
        return Statement.model_validate_json(raw)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            return f"it is not JSON: {first['ctx']['error']}"
        return sentence(first)
