"""Environments of the policy: where skills go, and who is told of it."""

from typing import Annotated, Literal

from pydantic import Field

from skillctl.domain.schema import Model, NonEmpty
from skillctl.domain.variable import EnvironmentVariable


class Mattermost(Model):
    """Names of the environment variables that hold the destination; never the values."""

    webhook: EnvironmentVariable = "MATTERMOST_WEBHOOK_URL"

    @property
    def required(self) -> list[str]:
        """The variables without which nothing is delivered."""
        return [self.webhook]


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
