"""Production's functions over HTTPS, through the Data API of a Supabase project."""

import contextlib
import re
import time
from email.utils import parsedate_to_datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from skillctl.adapters import gateway_answers, postgres_errors, repeating
from skillctl.domain import secrets
from skillctl.errors import NotExposed, SkillctlError, Unreachable, UsageError

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx
    from postgrest import APIError
    from pydantic import JsonValue
    from supabase import Client

_NOT_EXPOSED = "PGRST106"
_KEY_HINT = "set `SUPABASE_SECRET_KEY` or `SUPABASE_SERVICE_ROLE_KEY` to a key of this project"


class SupabaseTransport:
    """Calls functions of schema `mcp` with a secret or service-role key; not for use by two threads at once.

    A call is repeated where it was surely not made (nobody there, too many calls, no free connection, a function not
    known yet, as for a moment after a migration), and where its answer was lost with a function that may be run twice.
    `seconds` bound each attempt.
    """

    def __init__(self, url: str, key: str, *, seconds: float = repeating.SECONDS) -> None:
        self._url, self._key, self._seconds = url.rstrip("/"), key, seconds
        self._client: Client | None = None
        self._tls: SSLContext | None = None
        self._http: httpx.Client | None = None
        self._answer: httpx.Response | None = None
        #: Seconds that the clock of the last answer was ahead of this machine's; None before one.
        self.skew: float | None = None

    def call(self, function: str, /, **arguments: "JsonValue") -> "JsonValue":
        """The answer of `mcp.<function>`; each keyword `x` becomes its parameter `p_x`. One transaction.

        Raises StoreRefused (production said no, by name), NotMigrated, UsageError (the key may not), Unreachable.
        """
        import httpx
        from postgrest import APIError

        client = self._connected()
        parameters: dict[str, Any] = {f"p_{name}": value for name, value in arguments.items()}
        answer: JsonValue = None
        try:
            for attempt in repeating.attempts(partial(self._may_pass, function)):
                with attempt:
                    self._answer = None
                    answer = client.schema("mcp").rpc(function, parameters).execute().data  # type: ignore[assignment]
        except APIError as error:
            raise self._failed(error, function) from None
        except httpx.TimeoutException as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise self._silent(f"nobody there within {repeating.CONNECT_SECONDS:g} s") from None
            raise postgres_errors.silent(self._seconds, self._place, f"mcp.{function}") from None
        except httpx.HTTPError as error:
            raise self._silent(str(error) or type(error).__name__) from None
        # What cannot be read as JSON the client hands over as it came.
        given, self._answer = self._answer, None
        if given is None or not gateway_answers.is_json(given) or (isinstance(answer, str) and answer == given.text):
            raise self._silent("the answer is not of a Data API")
        return answer

    def _may_pass(self, function: str, error: Exception) -> bool | float:
        import httpx
        from postgrest import APIError

        is_repeatable = function in repeating.REPEATABLE
        if isinstance(error, APIError) and self._answer is not None:
            return gateway_answers.may_pass(self._answer, error.code or "", is_repeatable)
        # Without a connection nothing was asked; a time-out has taken long enough.
        is_lost = isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
        return isinstance(error, httpx.ConnectError) or (is_lost and is_repeatable)

    def _connected(self) -> "Client":
        if self._client is None:
            import httpx
            from supabase import ClientOptions, SupabaseException, create_client

            if not re.fullmatch(r"[!-~]+", self._key):
                message = "the key for production holds a space, a line break or another character that no key has"
                raise UsageError(message, hint=_KEY_HINT)
            self._tls = self._tls or httpx.create_ssl_context()
            http = httpx.Client(
                verify=self._tls,
                timeout=httpx.Timeout(self._seconds, connect=repeating.CONNECT_SECONDS),
                event_hooks={"response": [self._note]},
            )
            options = ClientOptions(
                httpx_client=http, postgrest_client_retry=False, auto_refresh_token=False, persist_session=False
            )
            try:
                self._client, self._http = create_client(self._url, self._key, options=options), http
            except (SupabaseException, ValueError) as error:
                http.close()
                raise UsageError(
                    f"no client for `{self._place}`: {self._redacted(str(error))}",
                    hint="check `SUPABASE_URL` and `SUPABASE_SECRET_KEY`",
                ) from None
        return self._client

    def _note(self, response: "httpx.Response") -> None:
        # An APIError does not carry all of it, nor an answer its type; a proxy's page must not pass for one.
        self._answer = response
        with contextlib.suppress(TypeError, ValueError):
            self.skew = parsedate_to_datetime(response.headers.get("date", "")).timestamp() - time.time()

    def _failed(self, error: "APIError", function: str) -> SkillctlError:
        code, what = error.code or "", f"mcp.{function}"
        message = self._redacted(error.message or "no reason given")
        if code == _NOT_EXPOSED:
            return NotExposed(
                f"{self._place} does not expose schema `mcp`: {message}",
                hint="run `skillctl db push`, then add `mcp` under Project Settings, Data API, Exposed schemas",
            )
        status = self._answer.status_code if self._answer is not None else 0
        # A refusal by name has a status too, and is none of the key.
        if status in {401, 403} and not code.startswith("PT"):
            return UsageError(f"this key may not run `{what}` at {self._place}: {message}", hint=_KEY_HINT)
        if self._answer is not None and not gateway_answers.is_of_the_database(code):
            reason, hint = gateway_answers.explained(self._answer, code, message)
            return Unreachable(f"no answer from {self._place}: {reason}", hint=hint)
        said = postgres_errors.Said(code, message, error.details, self._redacted(error.hint) if error.hint else None)
        return postgres_errors.explained(said, what, self._place, _KEY_HINT)

    def _silent(self, reason: str) -> Unreachable:
        return Unreachable(
            f"no answer from {self._place}: {self._redacted(reason)}",
            hint="check `SUPABASE_URL` and the network, and run the command again",
        )

    @property
    def _place(self) -> str:
        parts = urlsplit(self._url)
        return parts.netloc.rpartition("@")[2] or "the Supabase project"

    def _redacted(self, text: str) -> str:
        """Without our key, however long the text is that somebody made of it, and without any other."""
        text = text.replace(self._key, "***") if self._key else text
        return secrets.masked(postgres_errors.redacted(" ".join(text.split())[:500], self._url))

    def another(self) -> "SupabaseTransport":
        """One to the same place with connections of its own, for another thread."""
        other = SupabaseTransport(self._url, self._key, seconds=self._seconds)
        # To read the certificates of all authorities takes longer than most calls.
        other._tls = self._tls
        return other

    def close(self) -> None:
        """Closes the connections; a later call opens others."""
        if self._http is not None:
            self._http.close()
        self._client = self._http = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
