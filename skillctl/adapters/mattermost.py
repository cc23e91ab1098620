"""Mattermost by incoming webhook: a notice is delivered where the server answers 200 `ok`."""

import json

from skillctl.adapters import webhook
from skillctl.domain import notice
from skillctl.domain.delivery import Attempt, Delivered, Job, Retry, Undeliverable


class Mattermost:
    """One incoming webhook; its URL is a secret."""

    def __init__(self, url: str) -> None:
        self._url = url

    def deliver(self, job: Job) -> Attempt:
        """Post the notice of a release."""
        try:
            body = json.dumps(notice.mattermost(job.payload), ensure_ascii=False).encode()
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            return Undeliverable(f"the payload is no notice of a release: {type(problem).__name__}")
        return _posted(self._url, body)

    def say(self, _key: str, text: str) -> Attempt:
        """Post one text, each time it is asked to: a hook knows no keys."""
        return _posted(self._url, json.dumps({"text": text}, ensure_ascii=False).encode())


def _posted(url: str, body: bytes) -> Delivered | Retry | Undeliverable:
    answer = webhook.post(url, body)
    if isinstance(answer, Retry | Undeliverable):
        return answer
    if answer.text.strip() != "ok":
        # A proxy or the web page answers 200 too; only the hook itself says `ok`.
        return Retry("the server answered 200, but not as Mattermost does")
    return Delivered({"status": answer.status_code})
