"""What is asked of a readable skill: one rule a file, each with its code; `RULES` is the whole list."""

from collections.abc import Callable, Iterable, Iterator

from skillctl.domain.finding import Finding
from skillctl.domain.rules import (
    approval_on_record,
    json_paths_parse,
    known_tools,
    name_is_folder,
    no_finance_in_the_lab,
    only_plain_files,
    references_exist,
    requirements_resolve,
    schemas_are_schemas,
    scripts_of_cases_exist,
    serving_is_approved,
    status_on_one_line,
    suite_is_there,
)
from skillctl.domain.rules.subject import Subject, World

RULES: tuple[Callable[[Subject, World], Iterable[Finding]], ...] = (
    name_is_folder.check,
    known_tools.check,
    requirements_resolve.check,
    schemas_are_schemas.check,
    no_finance_in_the_lab.check,
    references_exist.check,
    approval_on_record.check,
    suite_is_there.check,
    scripts_of_cases_exist.check,
    json_paths_parse.check,
    only_plain_files.check,
    status_on_one_line.check,
    serving_is_approved.check,
)


def judge(subject: Subject, world: World) -> Iterator[Finding]:
    """Every finding of every rule on one skill."""
    for check in RULES:
        yield from check(subject, world)
