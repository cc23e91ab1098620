"""`approvals/<name>/serving.yaml`: the approved version that is offered, and those deprecated, withdrawn or revoked."""

from typing import Annotated

import yaml
from pydantic import Field

from skillctl.domain import document as documents
from skillctl.domain.finding import Finding
from skillctl.domain.schema import Model, Name, VersionText, modelled

FILE_NAME = "serving.yaml"
_HEADER = "# written by `skillctl`; reviewed like code\n"
#: The parts that name versions, in the order they are written.
STATES = ("deprecated", "reinstated", "withdrawn", "revoked")


class Retirement(Model):
    """Why a version is no longer what it was; `sunset` is the last day it may be relied on, `YYYY-MM-DD`."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    replaced_by: Annotated[str, Field(max_length=130)] | None = None
    sunset: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class Serving(Model):
    """What production offers of one skill; a version in none of the mappings is simply approved.

    So is one that was `reinstated`: what stands there is why it is no longer deprecated.
    """

    serving: VersionText | None = None
    deprecated: dict[VersionText, Retirement] = Field(default_factory=dict)
    reinstated: dict[VersionText, Retirement] = Field(default_factory=dict)
    withdrawn: dict[VersionText, Retirement] = Field(default_factory=dict)
    revoked: dict[VersionText, Retirement] = Field(default_factory=dict)

    def state(self, version: str) -> tuple[str, Retirement | None]:
        """The state of an approved version and its notice; the hardest word wins."""
        for state in ("revoked", "withdrawn", "deprecated"):
            retired: dict[str, Retirement] = getattr(self, state)
            if version in retired:
                return state, retired[version]
        return "approved", None

    def offers(self, version: str) -> "Serving":
        """The same with another version served."""
        return self.model_copy(update={"serving": version})

    def deprecates(self, version: str, retirement: Retirement) -> "Serving":
        """The same with one version more deprecated."""
        deprecated = {**self.deprecated, version: retirement}
        return self.model_copy(update={"deprecated": deprecated, "reinstated": _without(self.reinstated, version)})

    def reinstates(self, version: str, reason: str) -> "Serving":
        """The same with one version no longer deprecated, for this reason; what is harder than that stays."""
        reinstated = {**self.reinstated, version: Retirement(reason=reason)}
        return self.model_copy(update={"reinstated": reinstated, "deprecated": _without(self.deprecated, version)})

    def withdraws(self, version: str, retirement: Retirement) -> "Serving":
        """The same with one version withdrawn: it is no longer served, whatever else was said of it."""
        withdrawn = {**self.withdrawn, version: retirement}
        serving = None if self.serving == version else self.serving
        return self.model_copy(update={"withdrawn": withdrawn, "serving": serving})

    def revokes(self, version: str, retirement: Retirement, serving: str | None) -> "Serving":
        """The same with one version forbidden, and another one served, or none, where it was."""
        revoked = {**self.revoked, version: retirement}
        return self.model_copy(update={"revoked": revoked, "serving": serving})


def _without(retired: dict[str, Retirement], version: str) -> dict[str, Retirement]:
    return {known: retirement for known, retirement in retired.items() if known != version}


def path_of(skill: Name) -> str:
    """Where a skill's serving file lies, from the repository's root."""
    return f"approvals/{skill}/{FILE_NAME}"


def read(file: str, raw: bytes, skill: str) -> tuple[Serving | None, list[Finding]]:
    """The serving file, or every finding that keeps it from being read."""
    document, findings = documents.parse(raw, file, skill)
    if document is None:
        return None, findings
    return modelled(Serving, document, skill)


class _Quoted(str):
    """Text that is always written in double quotes."""


class _Dumper(yaml.SafeDumper):
    """Writes strings quoted, so that no reader guesses at them."""


_Dumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)


def write(serving: Serving) -> bytes:
    """The file's bytes: quoted strings, versions sorted, empty parts left out."""
    data: dict[str, object] = {"serving": _Quoted(serving.serving) if serving.serving else None}
    for state in STATES:
        retired: dict[str, Retirement] = getattr(serving, state)
        if retired:
            data[state] = {
                _Quoted(version): {
                    key: _Quoted(value) for key, value in retired[version].model_dump(exclude_none=True).items()
                }
                for version in sorted(retired)
            }
    return (_HEADER + yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)).encode()
