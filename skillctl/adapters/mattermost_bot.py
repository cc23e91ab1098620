"""Mattermost by bot token: a release is told in a thread for each skill, whose first post says how the skill stands.

Every post is recorded as it is made, so an attempt goes on where the last one ended. What was made and not recorded,
because the answer or this process was lost, is found again in the channel by the mark it bears.
"""

import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from msgspec import Struct, field

from skillctl.adapters.mattermost_api import MattermostApi, Stopped
from skillctl.adapters.production_chat import ProductionChat
from skillctl.domain import thread_posts
from skillctl.domain.delivery import Attempt, Delivered, Job, Later, Retry, Undeliverable
from skillctl.domain.thread_posts import Post, Threads
from skillctl.errors import SkillctlError

#: Seconds after which an attempt begins nothing more: with the longest request it still ends within the job's lease.
_LONGEST = 45.0
#: What the server says where a post is gone, is not ours, or may not be changed any more.
_GONE = frozenset({400, 403, 404})


class MattermostBot:
    """One channel of one server; `opened` gives production's record of what was posted, `seconds` a monotonic count."""

    def __init__(
        self,
        api: MattermostApi,
        opened: Callable[[], AbstractContextManager[ProductionChat]],
        seconds: Callable[[], float],
    ) -> None:
        self._api, self._opened, self._seconds = api, opened, seconds

    def deliver(self, job: Job) -> Attempt:
        """Post what is not posted yet of the notice of a release."""
        try:
            told = thread_posts.threads(job.payload)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            return Undeliverable(f"the payload is no notice of a release: {type(problem).__name__}")
        return self._tell(job.key, told, is_repeated=job.attempt > 1)

    def say(self, key: str, text: str) -> Attempt:
        """Post what is not posted yet of one text, in no thread; under the same key it is posted once."""
        # Nobody counts the attempts.
        return self._tell(key, thread_posts.plain(text), is_repeated=True)

    def _tell(self, key: str, told: Threads, *, is_repeated: bool) -> Attempt:
        until = self._seconds() + _LONGEST
        try:
            with self._opened() as record:
                posted = record.posted(self._api.channel, key, list(told.steps))
                telling = _Telling(
                    self._api,
                    record,
                    key,
                    is_repeated,
                    posted.roots,
                    dict(posted.made),
                    lambda: self._seconds() > until,
                )
                return telling.tell(told)
        except Stopped as stop:
            return stop.failure
        except SkillctlError as problem:
            # It may hold where production is, which nobody is told.
            return Retry(f"production's record of what was posted gave no answer: {type(problem).__name__}")


class _Telling(Struct):
    """One attempt at what is told under a key; `is_repeated` where an earlier one may have posted some of it."""

    api: MattermostApi
    record: ProductionChat
    key: str
    is_repeated: bool
    roots: Mapping[str, str]
    made: dict[str, str]
    is_late: Callable[[], bool]
    found: Mapping[str, str] | None = None
    count: int = 0
    stale: list[str] = field(default_factory=list)

    def tell(self, told: Threads) -> Attempt:
        for number, post in enumerate(told.whole):
            self._post(f"whole:{number}", post, None)
        for skill, posts in told.steps.items():
            if told.opens or skill in self.roots:
                if self.is_late():
                    return Later(1, {"posts": self.count})
                self._tell_of(skill, posts)
        stale = {"stale_roots": len(self.stale)} if self.stale else {}
        return Delivered({"posts": self.count, **stale})

    def _tell_of(self, skill: str, posts: tuple[Post, ...]) -> None:
        if f"done:{skill}" in self.made:
            return
        root = self.roots.get(skill) or self._opened(skill, None)
        for number, post in enumerate(posts):
            step = f"step:{skill}:{number}"
            try:
                self._post(step, post, root)
            except Stopped as stop:
                if stop.status != 400 or f"root:{skill}" in self.made:
                    raise
                # The first post is gone, or was of another channel.
                root = self._opened(skill, root)
                self._post(step, post, root)
        self._bring_up_to_date(skill, root)
        self.record.keep_post(self.key, f"done:{skill}", root)

    def _opened(self, skill: str, gone: str | None) -> str:
        post = self._post(f"root:{skill}", self._standing(skill), None)
        return self.record.keep_thread(self.api.channel, skill, post, gone)

    def _bring_up_to_date(self, skill: str, root: str) -> None:
        try:
            self.api.update(root, self._standing(skill), self._mark(f"root:{skill}"))
        except Stopped as stop:
            if stop.status not in _GONE:
                raise
            self.stale.append(skill)

    def _standing(self, skill: str) -> Post:
        # Asked for when it is needed: another release may have been told since, and must not be taken back.
        now = self.record.current(skill)
        return thread_posts.root(skill, now.skills.get(skill), now.holds.get(skill))

    def _post(self, step: str, post: Post, root: str | None) -> str:
        if step in self.made:
            return self.made[step]
        mark = self._mark(step)
        known = self._earlier().get(mark)
        if known is None:
            known = self.api.create(post, mark, root)
            self.count += 1
        self.made[step] = self.record.keep_post(self.key, step, known)
        return self.made[step]

    def _earlier(self) -> Mapping[str, str]:
        """What may have been posted by an attempt that never heard so."""
        if self.found is None:
            self.found = self._looked_up() if self.is_repeated or self.made else {}
        return self.found

    def _looked_up(self) -> Mapping[str, str]:
        try:
            return self.api.ours()
        except Stopped as stop:
            if stop.status not in _GONE:
                raise
            # A bot that may not read posts all the same: twice is better than never.
            return {}

    def _mark(self, step: str) -> str:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.key}:{step}").hex
