"""Lines and columns as editors and Git count them: a line ends at CR, LF or both, a column is a code point."""

import re

LINE_END = re.compile("\r\n|[\n\r]")
#: At these YAML ends a line too.
_OF_YAML = re.compile("[\x85\u2028\u2029]")


def place_of(text: str, index: int) -> tuple[int, int]:
    """The line and the column of a character, both from 0; at the end of the text for what lies behind it."""
    lines = LINE_END.split(text[:index])
    return len(lines) - 1, len(lines[-1])


def yaml_counts_otherwise(text: str) -> bool:
    """Whether YAML finds lines in a text where nobody else does."""
    return not text.isascii() and _OF_YAML.search(text) is not None
