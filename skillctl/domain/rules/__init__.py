"""What is asked of a readable skill: one rule a file, each with its code; `RULES` is the whole list, by code."""

from msgspec.structs import replace

from skillctl.domain.finding import Finding, Place, Severity
from skillctl.domain.judgement import is_security
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
    gating,
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
    suppressing,
    texts_are_text,
    triggers_have_near_misses,
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
    texts_are_text,
    triggers_have_near_misses,
    yaml_readings_agree,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*reading.RULES, *releasing.RULES, *gating.RULES, *suppressing.RULES, *(module.RULE for module in _WITH_CHECK)),
        key=lambda rule: rule.code,
    )
)


#: What can be suppressed: the codes of rules, not those of reading, of releases and of suppressions.
SUPPRESSIBLE = frozenset(rule.code for rule in RULES if (rule.check or rule.across) and not rule.binding)
_LOCAL = tuple((rule, rule.check) for rule in RULES if rule.check is not None)
_PLAIN = tuple((rule, check) for rule, check in _LOCAL if rule.standard)
_ACROSS = tuple((rule, rule.across) for rule in RULES if rule.across is not None)


def judge(subject: Subject, *, plain: bool = False) -> list[Finding]:
    """Every finding on one skill; `plain` asks only what holds for a folder of the Agent Skills standard.

    Where reading has refused something, only the security rules have more to say of that very place.
    """
    found = [bounded(rule, finding) for rule, check in (_PLAIN if plain else _LOCAL) for finding in check(subject)]
    if not subject.told:
        return found
    return [one for one in found if (one.file, Place(one.line, one.column)) not in subject.told or is_security(one)]


def judge_all(world: World) -> list[Finding]:
    """Every finding that needs the whole catalogue."""
    return [bounded(rule, finding) for rule, across in _ACROSS for finding in across(world)]


def bounded(rule: Rule, finding: Finding) -> Finding:
    """The finding, no harder than its rule."""
    if rule.severity is Severity.WARNING and finding.severity is Severity.ERROR:
        return replace(finding, severity=Severity.WARNING)
    return finding
