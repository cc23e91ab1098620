"""Mattermost's REST API with the token of a bot: posts are made, found again, and brought up to date."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from skillctl.adapters import webhook
from skillctl.domain.delivery import Retry, Undeliverable

#: Posts of one page, and pages that are looked through for one of ours: the newest thousand posts of a channel.
_PAGE = 200
_PAGES = 5
#: Bytes of a page: as many posts, each as long as posts get.
_LONGEST_PAGE = 16 * 1024 * 1024
#: Where a post says by which step of which job it was made.
MARK = "skillctl"

Failure = Retry | Undeliverable


class Stopped(Exception):
    """The server said no, or nothing; `failure` says whether another attempt makes sense."""

    def __init__(self, failure: Failure, status: int | None = None) -> None:
        super().__init__(failure.reason)
        self.failure, self.status = failure, status


class MattermostApi:
    """One server and one channel, by id; no message holds the token or the address."""

    def __init__(self, server: str, token: str, channel: str) -> None:
        self._base, self._token = server.rstrip("/") + "/api/v4", token
        self.channel = channel

    def create(self, post: Mapping[str, Any], mark: str, root: str | None) -> str:
        """Make a post, in the thread that begins with `root`; its id. The same `mark` makes no second one for 30 s."""
        props = {**post["props"], MARK: mark}
        body = {"channel_id": self.channel, "message": post["message"], "props": props, "pending_post_id": mark}
        return _id(self._ask("POST", "/posts", body | ({"root_id": root} if root else {})))

    def update(self, post_id: str, post: Mapping[str, Any], mark: str) -> None:
        """Give one of our posts another text; what was attached to it is attached no more."""
        body = {"message": post["message"], "props": {**post["props"], MARK: mark}}
        self._ask("PUT", f"/posts/{post_id}/patch", body)

    def ours(self) -> Mapping[str, str]:
        """The newest posts of the channel that bear a mark of ours, by it."""
        found: dict[str, str] = {}
        for page in range(_PAGES):
            answer = self._ask("GET", f"/channels/{self.channel}/posts?page={page}&per_page={_PAGE}", None)
            posts = answer.get("posts")
            if not isinstance(posts, dict):
                raise _odd()
            found = dict(_marked(posts)) | found
            if len(posts) < _PAGE:
                break
        return found

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        answer = webhook.exchange(method, self._base + path, raw, headers, _LONGEST_PAGE)
        status = answer.status_code if isinstance(answer, httpx.Response) else None
        heard = webhook.judged(answer)
        if isinstance(heard, Retry | Undeliverable):
            raise Stopped(heard, status)
        try:
            said = json.loads(heard.content)
        except (ValueError, RecursionError):
            raise _odd() from None
        if not isinstance(said, dict):
            raise _odd()
        return said


def _marked(posts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for post in posts.values():
        props = post.get("props") if isinstance(post, dict) else None
        mark = props.get(MARK) if isinstance(props, dict) else None
        if isinstance(mark, str) and not post.get("delete_at"):
            yield mark, _id(post)


def _id(post: Mapping[str, Any]) -> str:
    found = post.get("id")
    # It goes into the path of other requests, and into the database.
    if not (isinstance(found, str) and found.isascii() and found.isalnum() and len(found) <= 64):
        raise _odd()
    return found


def _odd() -> Stopped:
    # A proxy or the web page answers 200 too.
    return Stopped(Retry("the server answered, but not as Mattermost does"))
