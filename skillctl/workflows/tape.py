"""Tape: a cassette in a tree → its answers, and who signed them."""

import hashlib

from msgspec import Struct

from skillctl.domain import cassette
from skillctl.domain.policy import Policy
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.ports import Tree


class Tape(Struct, frozen=True):
    """The recorded answers of one runner in a tree; `recorder` is who signed them, None if nobody known did."""

    path: str
    digest: str
    cassette: cassette.Cassette
    recorder: str | None


def tape_at(tree: Tree, signatures: Signatures, trusted: Policy, path: str) -> Tape | str:
    """The cassette of this path, signed by one of the recorders that are trusted or by none; or why it is no cassette.

    One that is not there has no answers.
    """
    sheet, keys = cassette.signature_of(path), trusted.recorder_keys()
    raw = tree.read(tree.files(path, sheet))
    text = raw.get(path, b"")
    read = cassette.read(text)
    if isinstance(read, str):
        return read
    signed = keys and path in raw and sheet in raw
    recorder = signatures.signer(text, raw[sheet], keys, cassette.NAMESPACE) if signed else None
    return Tape(path, hashlib.sha256(text).hexdigest(), read, recorder)
