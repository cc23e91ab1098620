"""What is asked of a readable skill: one rule a file, each with its code; `RULES` is the whole list, by code."""

from collections.abc import Iterator
from dataclasses import replace

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules import (
    approval_on_record,
    approved_requires_approved,
    cases_are_distinct,
    cases_can_fail,
    cases_can_pass,
    deprecation_is_on_record,
    description_is_long_enough,
    description_says_something,
    descriptions_are_distinct,
    instructions_are_there,
    json_paths_parse,
    known_tools,
    listing_fits,
    name_is_folder,
    names_are_distinct,
    no_byte_order_mark,
    no_credential_reads,
    no_dangerous_execution,
    no_finance_in_the_lab,
    no_hidden_text,
    no_placeholders,
    no_secrets,
    no_steering,
    no_unverified_tls,
    only_plain_files,
    reading,
    references_are_one_level_deep,
    references_exist,
    references_stay_inside,
    releasing,
    requirements_are_met,
    requirements_are_ranges,
    requirements_form_no_circle,
    requirements_resolve,
    schemas_are_schemas,
    scripts_of_cases_exist,
    serving_is_approved,
    sheet_is_short_enough,
    sheet_is_spelled_so,
    status_on_one_line,
    suite_is_there,
    yaml_readings_agree,
)
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject, World

_WITH_CHECK = (
    approval_on_record,
    approved_requires_approved,
    cases_are_distinct,
    cases_can_fail,
    cases_can_pass,
    deprecation_is_on_record,
    description_is_long_enough,
    description_says_something,
    descriptions_are_distinct,
    instructions_are_there,
    json_paths_parse,
    known_tools,
    listing_fits,
    name_is_folder,
    names_are_distinct,
    no_byte_order_mark,
    no_credential_reads,
    no_dangerous_execution,
    no_finance_in_the_lab,
    no_hidden_text,
    no_placeholders,
    no_secrets,
    no_steering,
    no_unverified_tls,
    only_plain_files,
    references_are_one_level_deep,
    references_exist,
    references_stay_inside,
    requirements_are_met,
    requirements_are_ranges,
    requirements_form_no_circle,
    requirements_resolve,
    schemas_are_schemas,
    scripts_of_cases_exist,
    serving_is_approved,
    sheet_is_short_enough,
    sheet_is_spelled_so,
    status_on_one_line,
    suite_is_there,
    yaml_readings_agree,
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
