"""Whether a check holds of what was produced: each kind by its own file, from the tables of `kinds`."""

from collections.abc import Callable

from skillctl.domain.checks import json_path
from skillctl.domain.checks.check import Check
from skillctl.domain.checks.file_produced import those
from skillctl.domain.checks.kinds import COMBINED, ON_PRODUCED, ON_TEXT
from skillctl.domain.checks.produced import BrokenCheck, Produced, shown


def may_take_for_ever(check: Check, produced: Produced) -> bool:
    """Whether a suite could have written this check so that judging it never ends; simple checks never do."""
    if check.kind in COMBINED:
        return any(may_take_for_ever(part, produced) for _, part in check.nested)
    if check.kind not in ON_TEXT:
        return False
    text = _text(check, produced)
    if text is None:
        return False
    if check.json_path is not None and not json_path.is_plain(check.json_path):
        return True
    return not ON_TEXT[check.kind].is_quick(check.asked, len(text))


def failure_of(check: Check, produced: Produced) -> str | None:
    """Why the check does not hold, or None if it holds; raises BrokenCheck if that cannot be said."""
    if check.kind in COMBINED:
        return failure_of_parts(check, lambda part: failure_of(part, produced))
    try:
        if check.kind in ON_TEXT:
            return _text_failure(check, produced)
        if check.kind in ON_PRODUCED:
            return ON_PRODUCED[check.kind](check.asked, produced)
    except RecursionError:
        what = f"`{check.json_path}` selects" if check.json_path is not None else f"`{check.kind}` meets"
        raise BrokenCheck(f"{what} what is nested too deep to be compared") from None
    raise BrokenCheck(f"`{check.kind}` is judged by a model")


def failure_of_parts(check: Check, judge: Callable[[Check], str | None]) -> str | None:
    """As `failure_of` for a check that combines others (its kind is in `COMBINED`), each judged by `judge`."""
    return COMBINED[check.kind](check.asked, judge)


def _text(check: Check, produced: Produced) -> str | None:
    if check.file is not None:
        return produced.files.get(check.file)
    return produced.stdout if check.stream == "stdout" else produced.stderr


def _text_failure(check: Check, produced: Produced) -> str | None:
    test, text = ON_TEXT[check.kind], _text(check, produced)
    if text is None:
        return f"{shown(check.file)} was not made or changed: {those(produced.files)}"
    if check.json_path is None:
        return test.failure(check.asked, text)
    values = json_path.matches(check.json_path, text)
    if not values:
        return f"`{check.json_path}` matches nothing in {shown(check.file) if check.file else check.stream}"
    return test.values_failure(check.asked, values, check.json_path)
