"""A stand-in of a Mattermost server: its incoming webhook, its REST API for posts, and how it asks a slash command.

What it answers is what the server's source says (version 10.4.2 and newer; `older` gives the errors from before they
were wrapped). It keeps the posts as the server does, so that a test sees a channel and not only requests.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

HOOK = "xerhd6k1ibgjjfso7dixhqpeqa"
TOKEN = "b0tt0kenb0tt0kenb0tt0ken12"
CHANNEL = "channelchannelchannel12345"
MOST_RUNES = 16_383
MOST_BYTES = 300_000
#: Seconds for which the same `pending_post_id` gives the same post.
DEDUPLICATED = 30.0
_JSON = "application/json"


@dataclass
class Post:
    """One post of a channel."""

    id: str
    message: str
    root_id: str
    props: dict[str, Any]
    delete_at: int = 0
    edits: int = 0

    def said(self) -> dict[str, Any]:
        """As the API gives it."""
        return {
            "id": self.id, "channel_id": CHANNEL, "message": self.message, "root_id": self.root_id, "type": "",
            "props": self.props, "create_at": 1, "update_at": 1, "delete_at": self.delete_at,
        }  # fmt: skip


Trouble = Callable[["Handler"], bool]


@dataclass
class MattermostServer:
    """A running stand-in.

    `trouble` is asked before each request and says whether it has answered; `lost` the same after the request was
    done, so that its answer is lost. `clock` is what the 30 s are counted by.
    """

    url: str
    older: bool = False
    archived: bool = False
    may_read: bool = True
    may_edit: bool = True
    hooks_enabled: bool = True
    posts: list[Post] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    trouble: Trouble = lambda _handler: False
    lost: Trouble = lambda _handler: False
    clock: Callable[[], float] = time.monotonic
    seen: dict[str, tuple[float, Post]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def hook(self) -> str:
        """The address of the incoming webhook."""
        return f"{self.url}/hooks/{HOOK}"

    def thread(self, root: Post) -> list[str]:
        """The texts of a thread, from its first post on."""
        return [root.message, *(post.message for post in self.posts if post.root_id == root.id)]

    def roots(self) -> list[Post]:
        """The posts that are in no thread."""
        return [post for post in self.posts if not post.root_id and not post.delete_at]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    standin: MattermostServer
    raw: bytes

    def do_GET(self) -> None:
        """A request without a body."""
        self._handled()

    def do_POST(self) -> None:
        """A request with a body."""
        self._handled()

    def do_PUT(self) -> None:
        """A request with a body."""
        self._handled()

    def _handled(self) -> None:
        self.raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.standin.lock:
            self.standin.requests.append(f"{self.command} {urlsplit(self.path).path}")
            if self.standin.trouble(self):
                return
            status, said = self._answered()
            if self.standin.lost(self):
                return
        if isinstance(said, bytes):
            self.whole(status, said, "text/plain")
        else:
            self.whole(status, json.dumps(said).encode(), _JSON)

    def whole(self, status: int, body: bytes, kind: str = _JSON, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "X-Request-Id": "r", "X-Version-Id": "10", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def _answered(self) -> "tuple[int, Any]":
        path = urlsplit(self.path).path
        if path.startswith("/hooks/"):
            return self._of_hook(path.removeprefix("/hooks/"))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(
                401, "api.context.session_expired.app_error", "Invalid or expired session, please login again."
            )
        if len(self.raw) > MOST_BYTES:
            return _error(413, "api.context.request_body_too_large.app_error", "Request body too large.")
        if self.command == "GET" and re.fullmatch(r"/api/v4/channels/\w+/posts", path):
            return self._of_channel(path.split("/")[4])
        if self.command == "POST" and path == "/api/v4/posts":
            return self._made(json.loads(self.raw))
        found = re.fullmatch(r"/api/v4/posts/(\w+)/patch", path)
        if self.command == "PUT" and found:
            return self._patched(found[1], json.loads(self.raw))
        return _error(404, "api.context.404.app_error", "Sorry, we could not find the page.")

    def _of_hook(self, hook: str) -> "tuple[int, Any]":
        try:
            body = json.loads(self.raw)
        except ValueError:
            return self._hook_error(
                400, "web.incoming_webhook.decode.app_error", "model.incoming_hook.parse_data.app_error"
            )
        self.standin.bodies.append(body)
        if not self.standin.hooks_enabled:
            return self._hook_error(501, None, "web.incoming_webhook.disabled.app_error")
        if len(self.raw) > MOST_BYTES:
            return _error(413, "api.context.request_body_too_large.app_error", "Request body too large.")
        if not body.get("text") and not body.get("attachments"):
            return self._hook_error(400, None, "web.incoming_webhook.text.app_error")
        if hook != HOOK:
            return self._hook_error(400, None, "web.incoming_webhook.invalid.app_error")
        text = body.get("text", "")
        for at in range(0, max(len(text), 1), MOST_RUNES):
            props = {"attachments": body.get("attachments", [])} if at + MOST_RUNES >= len(text) else {}
            self._added(text[at : at + MOST_RUNES], "", props)
        return 200, b"ok"

    def _hook_error(self, status: int, wrapped: str | None, inner: str) -> "tuple[int, Any]":
        """Newer servers wrap the inner error, and say the hook's secret."""
        if self.standin.older:
            return _error(status, inner, inner)
        message = f"Failed to handle the payload of media type application/json for incoming webhook {HOOK}."
        return _error(status, wrapped or "web.incoming_webhook.general.app_error", message)

    def _of_channel(self, channel: str) -> "tuple[int, Any]":
        if channel != CHANNEL or not self.standin.may_read:
            return _error(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
        asked = parse_qs(urlsplit(self.path).query)
        page, size = int(asked["page"][0]), int(asked["per_page"][0])
        newest = [post for post in self.standin.posts[::-1] if not post.delete_at][page * size : (page + 1) * size]
        return 200, {"order": [post.id for post in newest], "posts": {post.id: post.said() for post in newest}}

    def _made(self, body: dict[str, Any]) -> "tuple[int, Any]":
        self.standin.bodies.append(body)
        pending, now = body.get("pending_post_id"), self.standin.clock()
        if pending in self.standin.seen and now - self.standin.seen[pending][0] < DEDUPLICATED:
            return 201, self.standin.seen[pending][1].said()
        if body["channel_id"] != CHANNEL:
            return _error(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
        if self.standin.archived:
            return _error(400, "api.post.create_post.can_not_post_to_deleted.error", "Can not post to deleted channel.")
        if len(body["message"]) > MOST_RUNES:
            return _error(400, "model.post.is_valid.message_length.app_error", "Post Message property is too long.")
        roots = {post.id for post in self.standin.roots()}
        if body.get("root_id") and body["root_id"] not in roots:
            return _error(400, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.")
        post = self._added(body["message"], body.get("root_id", ""), body.get("props", {}))
        if pending:
            self.standin.seen[pending] = (now, post)
        return 201, post.said()

    def _patched(self, post_id: str, body: dict[str, Any]) -> "tuple[int, Any]":
        found = next((post for post in self.standin.posts if post.id == post_id and not post.delete_at), None)
        if found is None:
            return _error(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
        if not self.standin.may_edit:
            return _error(400, "api.post.update_post.permissions_time_limit.app_error", "Post edit is past the limit.")
        found.message, found.props = body.get("message", found.message), body.get("props", found.props)
        found.edits += 1
        return 200, found.said()

    def _added(self, message: str, root: str, props: dict[str, Any]) -> Post:
        post = Post(f"post{len(self.standin.posts):022d}", message, root, props)
        self.standin.posts.append(post)
        return post


def _error(status: int, identity: str, message: str) -> tuple[int, Any]:
    return status, {"id": identity, "message": message, "detailed_error": "", "request_id": "r", "status_code": status}


def limited(seconds: int, times: int = 1) -> Trouble:
    """Too many requests, so many times: plain text, and after how many seconds to come again."""
    left = [times]

    def refuse(handler: Handler) -> bool:
        left[0] -= 1
        if left[0] < 0:
            return False
        limits = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(seconds)}
        handler.whole(429, b"limit exceeded", "text/plain", {"Retry-After": str(seconds), **limits})
        return True

    return refuse


def once(number: int, behave: Callable[[Handler], None]) -> Trouble:
    """Behaves so at one request, counted from 0; the others are answered."""
    count = [-1]

    def counted(handler: Handler) -> bool:
        count[0] += 1
        if count[0] == number:
            behave(handler)
        return count[0] == number

    return counted


def hangs_up(handler: Handler) -> None:
    """No answer at all."""
    handler.close_connection = True
    handler.connection.close()


def fails(status: int) -> Callable[[Handler], None]:
    """An error of the server, as JSON."""
    return lambda handler: handler.whole(status, json.dumps(_error(status, "store.app_error", "failed")[1]).encode())


@contextmanager
def mattermost_server(**options: Any) -> Iterator[MattermostServer]:
    """Running on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    standin = MattermostServer(f"http://127.0.0.1:{server.server_port}", **options)
    server.RequestHandlerClass = type("Answering", (Handler,), {"standin": standin})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Shown:
    """What a person sees after a slash command: the answer, or that the command failed."""

    text: str
    kind: str
    is_failure: bool


def typed(port: int, token: str, text: str, **others: str) -> Shown:
    """A person typed `/skill <text>`: the server asks as servers do, and judges the answer as they do."""
    form = {
        "token": token, "team_id": "t" * 26, "team_domain": "team", "channel_id": CHANNEL, "channel_name": "town",
        "user_id": "u" * 26, "user_name": "maria", "command": "/skill", "text": text, "trigger_id": "x",
        "response_url": "http://127.0.0.1:1/hooks/commands/x",
    } | others  # fmt: skip
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "Accept": _JSON, "Authorization": f"Token {token}",
    }  # fmt: skip
    connection.request("POST", "/mattermost/command", urlencode(form), headers)
    answer = connection.getresponse()
    raw = answer.read(1024 * 1024 + 1)
    connection.close()
    if answer.status != 200 or len(raw) > 1024 * 1024:
        return Shown(raw.decode("utf-8", "replace"), "ephemeral", True)
    if (answer.headers["Content-Type"] or "").split(";")[0] != _JSON:
        return Shown(raw.decode(), "in_channel", False)
    said = json.loads(raw)
    return Shown(said.get("text", ""), said.get("response_type", "ephemeral") or "ephemeral", False)
