"""When a call of production is made again: where nothing was done, or where doing it twice is doing it once."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stamina import Attempt

#: They only read, or know again what they are given: bytes by their hash, a release by its id, the outcome of an
#: attempt by its worker, the terms of a skill, how a rollout stands, a post by its step, a job that is cancelled or
#: settled already. Any other function may have
#: done its work where its answer was lost, and is not asked twice.
REPEATABLE = frozenset(
    {
        "current_release",
        "missing_blobs",
        "verify_ledger",
        "release_effect",
        "list_releases",
        "version_facts",
        "strays",
        "list_skills",
        "get_skill",
        "read_file",
        "select_candidates",
        "unindexed_skills",
        "kept_terms",
        "put_terms",
        "list_jobs",
        "job_counts",
        "job_backlog",
        "job_detail",
        "dead_letters",
        "job_stats",
        "extend_lease",
        "cancel_job",
        "resolve_dead",
        "prune_jobs",
        "put_blobs",
        "apply_release",
        "complete_job",
        "fail_job",
        "postpone_job",
        "open_rollout",
        "close_rollout",
        "rollout_delivered",
        "acknowledge_rollout",
        "settle_rollout",
        "rollout_standing",
        "rollout_states",
        "chat_posts",
        "keep_post",
        "keep_thread",
        "skill_history",
        "skill_standing",
    }
)
#: Seconds that a call may take: longer than the longest function in the database, so that its own answer is heard.
SECONDS = 65.0
CONNECT_SECONDS = 5.0
#: The longest pause that a server may ask for; who asks for more is not asked again.
LONGEST_PAUSE = 10.0


def attempts(may_pass: Callable[[Exception], bool | float]) -> "Iterator[Attempt]":
    """Up to four attempts within 20 s; `may_pass` says whether another is of use, or after how many seconds."""
    import stamina
    from stamina.instrumentation import set_on_retry_hooks

    # It would log every attempt, to a person who is told how it ended.
    set_on_retry_hooks([])
    return iter(stamina.retry_context(may_pass, attempts=4, timeout=20, wait_initial=0.2, wait_max=1, wait_jitter=0.2))


def pause(retry_after: str | None) -> bool | float:
    """What a `Retry-After` asks for: seconds, True for a pause of our own, False where it is too long to wait."""
    if retry_after is None or not retry_after.strip().isdigit():
        # A date is of another clock.
        return True
    seconds = float(retry_after)
    return seconds <= LONGEST_PAUSE and (seconds or True)
