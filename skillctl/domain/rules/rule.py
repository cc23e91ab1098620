"""What a rule is: its check, and all that `explain` and the page of rules say about it."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.subject import Subject, World

Check = Callable[[Subject], Iterable[Finding]]
Across = Callable[[World], Iterable[Finding]]


class Rule(Struct, frozen=True):
    """One code: `title` is one lower-case line, `why` says what goes wrong otherwise, `bad` and `good` are excerpts.

    `severity` is the hardest that its findings can be. `check` looks at one skill, `across` at the whole catalogue;
    both are None where another part of the tool finds it: the reader, the schema, or a release. `standard` rules hold
    for a plain folder of the Agent Skills standard too; what is `binding` cannot be suppressed, for others rely on it.
    """

    code: str
    severity: Severity
    title: str
    why: str
    bad: str
    good: str
    check: Check | None = None
    across: Across | None = None
    standard: bool = False
    security: bool = False
    binding: bool = False
