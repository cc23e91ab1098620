"""`json_path`: the values that an RFC 9535 path selects from JSON: a text, or a file."""

import json
import re
from functools import lru_cache
from typing import Any

from skillctl.domain.checks.produced import BrokenCheck, shown

# Names, numbers and wildcards go one level down each, so they select no more than the text holds.
_PLAIN = re.compile(r"\$(\.[A-Za-z_][\w-]*|\.\*|\[(\*|\d{1,9}|'[^'\\]*'|\"[^\"\\]*\")\])*", re.ASCII)


def is_plain(path: str) -> bool:
    """Whether looking the path up takes time in proportion to the text: no filter, no `..`, no list of selectors."""
    return _PLAIN.fullmatch(path) is not None


def problem(path: str) -> str | None:
    """Why the text is no JSON path, or None."""
    from jsonpath import JSONPathError

    try:
        _compiled(path)
    except (JSONPathError, ValueError, RecursionError, re.error) as error:
        return f"`json_path` is not a JSON path: {str(error).splitlines()[0]}"
    return None


def matches(path: str, text: str) -> list[Any]:
    """All values at the path, in document order; raises BrokenCheck if it is none or the text is not JSON."""
    from jsonpath import JSONPathError

    wrong = problem(path)
    if wrong is not None:
        raise BrokenCheck(wrong)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BrokenCheck(f"`{path}` needs JSON, which {shown(text)} is not") from None
    try:
        return [match.value for match in _compiled(path).finditer(data)]
    except (JSONPathError, RecursionError) as error:
        raise BrokenCheck(f"`{path}` cannot be looked up in {shown(text)}: {str(error).splitlines()[0]}") from None


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    # Imported here: the library takes longer to load than most commands take to run.
    import jsonpath

    return jsonpath.compile(path)
