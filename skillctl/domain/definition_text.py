"""Edits of `skill.yaml` that touch one scalar and nothing else: comments, quoting and line ends survive."""

from collections.abc import Mapping

from skillctl.domain import document as documents

_BOM = b"\xef\xbb\xbf"


def rewritten(raw: bytes, values: Mapping[str, str], file: str = "skill.yaml") -> bytes:
    """The definition `file` with other values for some top-level keys, each in its own quoting.

    Raises KeyError where a key is missing and ValueError where the text cannot be read.
    """
    lead = _BOM if raw.startswith(_BOM) else b""
    for key, value in values.items():
        document, findings = documents.parse(raw, file)
        if document is None:
            raise ValueError(findings[0].message)
        raw = lead + document.replaced((key,), value).encode()
    return raw
