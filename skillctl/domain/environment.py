"""Environments of the policy: where skills go, and who is told of it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from skillctl.domain import chat_text
from skillctl.domain.schema import Model, NonEmpty
from skillctl.domain.variable import EnvironmentVariable


def _address(text: str) -> str:
    if not chat_text.is_address(text):
        # It may hold a secret, so it is not shown.
        raise PydanticCustomError("address", "it must be an address that begins with `https://` or `http://`")
    return text


class Mattermost(Model):
    """Names of the environment variables that hold the destination; never the values.

    A webhook, or, where a `channel` is named, the account of a bot that posts to it, on the server `url`. `dashboard`
    is the address that notices link to.
    """

    webhook: EnvironmentVariable = "MATTERMOST_WEBHOOK_URL"
    url: EnvironmentVariable = "MATTERMOST_URL"
    token: EnvironmentVariable = "MATTERMOST_TOKEN"  # noqa: S105 - a variable's name
    command: EnvironmentVariable = "MATTERMOST_COMMAND_TOKEN"
    channel: Annotated[str, Field(pattern=r"^[a-z0-9]{26}$")] | None = None
    dashboard: Annotated[str, AfterValidator(_address)] | None = None

    @property
    def variables(self) -> list[str]:
        """Every variable that is named."""
        return [self.webhook, self.url, self.token, self.command]

    @property
    def required(self) -> list[str]:
        """The variables without which nothing is delivered."""
        return [self.webhook] if self.channel is None else [self.url, self.token]


class N8n(Model):
    """Names of the environment variables that hold the destination; never the values.

    With a key, runs are looked up and followed by the API, which is where the webhook is unless `api_url` is set.
    """

    webhook: EnvironmentVariable = "N8N_WEBHOOK_URL"
    secret: EnvironmentVariable = "N8N_WEBHOOK_SECRET"  # noqa: S105 - a variable's name
    api_key: EnvironmentVariable = "N8N_API_KEY"
    api_url: EnvironmentVariable = "N8N_API_URL"

    @property
    def required(self) -> list[str]:
        """The variables without which nothing is delivered."""
        return [self.webhook, self.secret]

    @property
    def variables(self) -> list[str]:
        """Every variable that is named."""
        return [self.webhook, self.secret, self.api_key, self.api_url]


class MaxWithdrawn(Model):
    """How much one release may withdraw unasked: this share of what is served, and always up to `above` skills."""

    share: Annotated[str, Field(pattern=r"^(?:100|\d{1,2}) ?%$")] = "10 %"
    above: Annotated[int, Field(ge=0)] = 5

    @property
    def fraction(self) -> float:
        return int(self.share.rstrip(" %")) / 100


class Environment(Model):
    """One place that skills go to: `store` says what kind of catalogue it has, a destination left out is not told."""

    store: Literal["sqlite", "supabase"] = "sqlite"
    release_branch: NonEmpty = "main"
    max_withdrawn: MaxWithdrawn = MaxWithdrawn()
    mattermost: Mattermost | None = None
    n8n: N8n | None = None
    on_rollout_failed: Literal["hold", "notify"] = "notify"

    @property
    def destinations(self) -> list[str]:
        """Who is told of a release."""
        named = {"mattermost": self.mattermost, "n8n": self.n8n}
        return [name for name, configured in named.items() if configured is not None]
