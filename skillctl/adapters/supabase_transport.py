"""Production's functions over HTTPS, through the Data API of a Supabase project."""

import contextlib
import re
import time
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from skillctl.adapters import postgres_errors
from skillctl.errors import NotExposed, NotMigrated, SkillctlError, StoreRefused, Unreachable, UsageError

if TYPE_CHECKING:
    import httpx
    from postgrest import APIError
    from pydantic import JsonValue
    from supabase import Client

# Longer than the longest function may take in the database, so that its own answer is heard.
_SECONDS = 65.0
_CONNECT_SECONDS = 5.0
_UNKNOWN_FUNCTION = frozenset({"PGRST202", "42883", "42P01", "3F000"})
_NOT_EXPOSED = "PGRST106"


class SupabaseTransport:
    """Calls functions of schema `mcp` with a secret or service-role key; not for use by two threads at once.

    A call is repeated where nobody answered, the service was not available, or the function was not known yet (as
    for a moment after a migration); every function may be called twice for the same end.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url.rstrip("/"), key
        self._client: Client | None = None
        self._http: httpx.Client | None = None
        self._status: int | None = None
        self._is_json = False
        #: Seconds that the clock of the last answer was ahead of this machine's; None before one.
        self.skew: float | None = None

    def call(self, function: str, /, **arguments: "JsonValue") -> "JsonValue":
        """The answer of `mcp.<function>`; each keyword `x` becomes its parameter `p_x`. One transaction.

        Raises StoreRefused (production said no, by name), NotMigrated, UsageError (the key may not), Unreachable.
        """
        import httpx
        import stamina
        from postgrest import APIError

        client = self._connected()
        parameters: dict[str, Any] = {f"p_{name}": value for name, value in arguments.items()}
        try:
            for attempt in stamina.retry_context(
                self._may_pass, attempts=4, timeout=20, wait_initial=0.2, wait_max=1, wait_jitter=0.2
            ):
                with attempt:
                    self._status = None
                    answer: JsonValue = client.schema("mcp").rpc(function, parameters).execute().data  # type: ignore[assignment]
        except APIError as error:
            raise self._failed(error, function) from None
        except httpx.HTTPError as error:
            raise self._silent(str(error) or type(error).__name__) from None
        if not self._is_json:
            raise self._silent("the answer is not of a Data API")
        return answer

    def _may_pass(self, error: Exception) -> bool:
        import httpx
        from postgrest import APIError

        if isinstance(error, APIError):
            return self._status == 503 or error.code == "PGRST202"
        return isinstance(error, httpx.NetworkError | httpx.ConnectTimeout | httpx.RemoteProtocolError)

    def _connected(self) -> "Client":
        if self._client is None:
            import httpx
            from supabase import ClientOptions, SupabaseException, create_client

            http = httpx.Client(
                timeout=httpx.Timeout(_SECONDS, connect=_CONNECT_SECONDS), event_hooks={"response": [self._note]}
            )
            options = ClientOptions(
                httpx_client=http, postgrest_client_retry=False, auto_refresh_token=False, persist_session=False
            )
            try:
                self._client, self._http = create_client(self._url, self._key, options=options), http
            except SupabaseException as error:
                http.close()
                raise UsageError(
                    f"no client for `{self._place}`: {self._redacted(str(error))}",
                    hint="check `SUPABASE_URL` and `SUPABASE_SECRET_KEY`",
                ) from None
        return self._client

    def _note(self, response: "httpx.Response") -> None:
        # An APIError does not always carry the status, nor an answer its type; a proxy's page must not pass for one.
        self._status = response.status_code
        with contextlib.suppress(TypeError, ValueError):
            self.skew = parsedate_to_datetime(response.headers.get("date", "")).timestamp() - time.time()
        self._is_json = response.status_code == 204 or "json" in response.headers.get("content-type", "")

    def _failed(self, error: "APIError", function: str) -> SkillctlError:
        code, message = error.code or "", self._redacted(error.message or "no reason given")
        if re.fullmatch(r"PT4\d\d", code):
            return StoreRefused(str(error.details or "refused"), message, hint=error.hint)
        if code == postgres_errors.UNTRANSLATABLE:
            return postgres_errors.unkeepable(f"mcp.{function}", message)
        if code in _UNKNOWN_FUNCTION:
            return NotMigrated(
                f"{self._place} does not know `mcp.{function}`: {message}", hint="run `skillctl db push`"
            )
        if code == _NOT_EXPOSED:
            return NotExposed(
                f"{self._place} does not expose schema `mcp`: {message}",
                hint="run `skillctl db push`, then add `mcp` under Project Settings, Data API, Exposed schemas",
            )
        if self._status in {401, 403}:
            return UsageError(
                f"this key may not run `mcp.{function}` at {self._place}: {message}",
                hint="set `SUPABASE_SECRET_KEY` or `SUPABASE_SERVICE_ROLE_KEY` to a key of this project",
            )
        return self._silent(f"`mcp.{function}` failed: {message} ({code or self._status})")

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
        return text.replace(self._key, "***") if self._key else text

    def close(self) -> None:
        """Closes the connections; a later call opens others."""
        if self._http is not None:
            self._http.close()
        self._client = self._http = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
