"""Answers the slash commands of Mattermost: form in, JSON out, always in time, and for nobody without the token."""

import hmac
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from skillctl.domain import chat_answers
from skillctl.domain.chat_answers import Question
from skillctl.errors import SkillctlError

PATH = "/mattermost/command"
HEALTH = "/health"
#: Seconds until a person is told that there is no answer; Mattermost waits 30.
LONGEST = 10.0
#: Seconds for the form to come in.
_LONGEST_FORM = 5.0
#: Bytes and fields of a form: a text of 16,383 characters, each written as twelve letters, and its company.
_MOST = 256 * 1024
_MOST_FIELDS = 60
#: Questions that are asked of production at the same time.
_AT_ONCE = 8

Answering = Callable[[Question], str]


class _Refused(Exception):
    """What came is no question of Mattermost's."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def application(token: str, answering: Answering, noted: Callable[[str], None]) -> Starlette:
    """The application; `answering` asks production, `noted` is told why there was no answer."""
    # Made in the event loop, which the limit belongs to.
    limits: list[CapacityLimiter] = []

    async def command(request: Request) -> Response:
        limits.extend([] if limits else [CapacityLimiter(_AT_ONCE)])
        try:
            form = await _form(request)
            _authorized(request, form, token)
        except _Refused as refusal:
            # Closed, so that what is still to come of it is not waited for.
            return JSONResponse({"error": refusal.reason}, refusal.status, {"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)
        return _shown(await _answer(form, answering, noted, limits[0]))

    routes = [Route(PATH, command, methods=["POST"]), Route(HEALTH, _healthy, methods=["GET"])]
    return Starlette(routes=routes)


async def _healthy(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _Refused(415, "a form is expected")
    raw = bytearray()
    with anyio.move_on_after(_LONGEST_FORM) as waiting:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > _MOST:
                raise _Refused(413, "the form is too large")
    if waiting.cancelled_caught:
        raise _Refused(408, "the form did not come in time")
    try:
        fields = parse_qs(raw.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        raise _Refused(400, "the form cannot be read") from None
    if any(len(fields.get(name, ())) > 1 for name in ("token", "text", "command")):
        raise _Refused(400, "the form says a field twice")
    return {name: values[0] for name, values in fields.items()}


def _authorized(request: Request, form: dict[str, str], token: str) -> None:
    """Every token that is given must be ours, and one must be given; compared in a time that tells nothing of it."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    given = [form["token"]] if "token" in form else []
    given += [said.strip()] if scheme.lower() == "token" else []
    fits = [hmac.compare_digest(one.encode("utf-8", "surrogateescape"), token.encode()) for one in given]
    if not fits or not all(fits):
        raise _Refused(401, "the token is not that of the command")


async def _answer(
    form: dict[str, str], answering: Answering, noted: Callable[[str], None], limit: CapacityLimiter
) -> str:
    asked = chat_answers.question(form.get("text", ""))
    if asked.kind == "help":
        return chat_answers.help_text(asked, _command(form))
    try:
        with anyio.fail_after(LONGEST):
            return await to_thread.run_sync(partial(answering, asked), limiter=limit, abandon_on_cancel=True)
    except TimeoutError:
        noted(f"{asked.kind}: production gave no answer within {LONGEST:g} s")
        return "production is slow or away; ask again in a minute"
    except SkillctlError as problem:
        noted(f"{asked.kind}: {problem.message}")
        # What is wrong may name addresses, which are not for everybody in a chat.
        return "production gave no answer; whoever runs `skillctl hooks serve` sees why"


def _command(form: dict[str, str]) -> str:
    word = form.get("command", "").removeprefix("/")
    return word if word.isascii() and word.isalnum() and len(word) <= 64 else "skill"


def _shown(text: str) -> Response:
    # Only to who asked; and as it is, for it is Markdown already.
    return JSONResponse({"response_type": "ephemeral", "text": text, "skip_slack_parsing": True})
