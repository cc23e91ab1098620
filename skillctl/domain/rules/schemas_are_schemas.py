"""SK205: the declared `inputs` and `outputs` are themselves valid JSON Schema (2020-12)."""

from collections.abc import Iterator
from typing import Any

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.plain_schema import is_plain_schema
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each place where a declared schema is none."""
    definition = subject.skill.definition
    declared: dict[str, dict[str, Any] | None] = {"inputs": definition.inputs, "outputs": definition.outputs}
    for key, schema in declared.items():
        if schema is not None and not is_plain_schema(schema):
            yield from _problems(subject, key, schema)


def _problems(subject: Subject, key: str, schema: dict[str, Any]) -> Iterator[Finding]:
    # Imported here: most commands never look at a declared schema.
    from jsonschema.exceptions import best_match

    from skillctl.domain import metaschema

    problem = best_match(metaschema.problems(schema))
    if problem is not None:
        path = (key, *problem.absolute_path)
        name = ".".join(str(step) for step in path)
        yield subject.finding("SK205", f"`{name}` is not valid JSON Schema: {problem.message}", path)


RULE = Rule(
    code="SK205",
    severity=Severity.ERROR,
    title="the declared inputs and outputs are JSON Schema",
    why=(
        "A schema with a misspelt type or a bound of the wrong kind accepts everything or nothing, and no caller can "
        "tell which."
    ),
    bad="inputs: {type: objekt}",
    good="inputs: {type: object}",
    check=check,
)
