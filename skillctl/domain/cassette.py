"""A cassette: recorded answers of one runner, each under the key of its complete request; one line of JSON each."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from msgspec import Struct
from pydantic import Field, ValidationError

from skillctl.domain import canonical
from skillctl.domain.exchange import Reply, Request
from skillctl.domain.schema import Model

FOLDER = "cassettes"
#: What a signature is for (`ssh-keygen -Y sign -n`), so that none made for something else passes for one.
NAMESPACE = "skillctl-cassette"
#: The order in which a miss names what changed; the first that differs explains it.
_PARTS = ("skill", "prompt", "model", "runner")


class Entry(Model):
    """One recorded answer; `case`, `arm` and `inputs` are for people and for the message of a miss."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    case: str
    arm: str
    trial: int
    inputs: dict[str, str]
    reply: Reply


class Cassette(Struct, frozen=True):
    """The entries by key."""

    entries: Mapping[str, Entry]

    def why_missing(self, request: Request) -> str:
        """What of a request that has no answer here is other than it was when its case was recorded."""
        nearest = [entry for entry in self.entries.values() if (entry.case, entry.arm) == (request.case, request.arm)]
        if not nearest:
            return "it was never recorded"
        same = [entry for entry in nearest if entry.trial == request.trial]
        if not same:
            return f"trial {request.trial} was never recorded"
        # A judge may be the same runner: what differs least was asked for the same.
        changed = min((_changed(entry, request) for entry in same), key=len)
        return f"the {changed[0]} changed after it was recorded" if changed else "the conversation took another turn"


def _changed(entry: Entry, request: Request) -> list[str]:
    return [part for part in _PARTS if entry.inputs.get(part) != request.inputs.get(part)]


def path_of(skill: str, runner: str) -> str:
    """Where the answers of a runner to the cases of a skill lie, from the repository's root."""
    return f"evals/{skill}/{FOLDER}/{runner}.jsonl"


def signature_of(path: str) -> str:
    """Where the signature of a cassette lies."""
    return f"{path}.sig"


def read(raw: bytes) -> Cassette | str:
    """The cassette in a file's bytes, or one sentence that says why it is none."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(raw.splitlines(), 1):
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError:
            return f"line {number} is no recorded answer"
        if entry.key in entries:
            return f"line {number} answers a request that a line before it answers"
        entries[entry.key] = entry
    return Cassette(entries)


def text(entries: Iterable[Entry]) -> str:
    """The file's text: the same for the same entries, in the order of their cases."""
    ordered = sorted(entries, key=lambda entry: (entry.case, entry.arm, entry.trial, entry.key))
    return "".join(canonical.text(entry.model_dump(mode="json", exclude_none=True)) + "\n" for entry in ordered)
