"""What is asked of a readable skill: one rule a file, each with its code; `RULES` is the whole list, by code."""

from collections.abc import Iterator
from dataclasses import replace

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules import (
    approval_on_record,
    json_paths_parse,
    known_tools,
    name_is_folder,
    no_finance_in_the_lab,
    only_plain_files,
    reading,
    references_exist,
    releasing,
    requirements_resolve,
    schemas_are_schemas,
    scripts_of_cases_exist,
    serving_is_approved,
    status_on_one_line,
    suite_is_there,
)
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject, World

_WITH_CHECK = (
    name_is_folder,
    known_tools,
    requirements_resolve,
    schemas_are_schemas,
    no_finance_in_the_lab,
    references_exist,
    approval_on_record,
    only_plain_files,
    status_on_one_line,
    suite_is_there,
    scripts_of_cases_exist,
    json_paths_parse,
    serving_is_approved,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*reading.RULES, *releasing.RULES, *(module.RULE for module in _WITH_CHECK)),
        key=lambda rule: rule.code,
    )
)


def judge(subject: Subject, world: World) -> Iterator[Finding]:
    """Every finding of every rule on one skill; none is harder than its rule."""
    for rule in RULES:
        if rule.check is None:
            continue
        for finding in rule.check(subject, world):
            if rule.severity is Severity.WARNING and finding.severity is Severity.ERROR:
                yield replace(finding, severity=Severity.WARNING)
            else:
                yield finding
