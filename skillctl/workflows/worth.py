"""Worth: before anything is spent, whether what is measured could be evidence under the policy at all."""

from collections import Counter

from skillctl.domain.evidence import EvidenceClass
from skillctl.domain.finding import errors_in
from skillctl.domain.tree import POLICY_FILE
from skillctl.errors import UsageError
from skillctl.workflows.ground import Ground


def sure_to_count(ground: Ground) -> None:
    """UsageError where a case that counts never can: a tool whose answer is live, or a recorder who is nobody."""
    _sure_of_policy(ground)
    if EvidenceClass.LIVE in ground.gate.evidence:
        return
    tools = [case for case in ground.suite.counted if case.tool is not None]
    live = [case for case in tools if ground.class_of_case(case) is EvidenceClass.LIVE]
    if live:
        message = f"case `{live[0].id}` calls a tool, which is `live`: under this policy it cannot be evidence"
        hint = "mark it `rehearsal: true`; `live` counts where all gates allow it, and no `recorders` are named"
        raise UsageError(message, hint=hint)


def sure_to_be_signed(ground: Ground) -> None:
    """UsageError where no signature could make evidence of what is recorded."""
    _sure_of_policy(ground)
    if ground.trusted.recorders != "none" and not any(ground.trusted.recorder_keys().values()):
        message = f"nobody whom `recorders` in `{POLICY_FILE}` of the base names has a key, so no record could count"
        raise UsageError(message, hint="bring a recorder with a key to the release branch first")


def uncounted(ground: Ground) -> str | None:
    """How many cases are of a class that counts for nothing here, beside rehearsals, which never do; None of none."""
    classes = Counter(ground.class_of_case(case) for case in ground.suite.counted)
    kinds = [kind for kind in classes if kind not in (EvidenceClass.REHEARSAL, *ground.gate.evidence)]
    if not kinds:
        return None
    told = ", ".join(f"{classes[kind]} of the cases are `{kind}`" for kind in kinds)
    allowed = ", ".join(f"`{kind}`" for kind in ground.gate.evidence) or "nothing"
    return f"{told}, which is no evidence under this policy ({allowed} is)"


def _sure_of_policy(ground: Ground) -> None:
    """UsageError where the policy here names recorders who are nobody, and somebody real is asked."""
    aliases = {ground.suite.answering(case) for case in ground.suite.counted if ground.suite.is_asked(case)}
    wrong = errors_in(finding for finding in ground.contents.findings if finding.file == POLICY_FILE)
    if wrong and any(ground.runner(alias)[1].fake is None for alias in aliases):
        first = wrong[0]
        raise UsageError(f"{first.file}:{first.line}:{first.column} {first.message}", hint=first.hint)
