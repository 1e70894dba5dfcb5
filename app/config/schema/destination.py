"""One Altcraft platform: address, token, pace, and what to do when it does not answer well."""

from typing import Annotated

from pydantic import Field, HttpUrl, field_validator

from app.config.schema.base import Part, Rate, Seconds
from app.config.schema.secret import SecretRef
from app.model.outcome import OutcomeKind


class Retry(Part):
    """Exponential backoff with full jitter; whichever limit is met first ends it."""

    tries: int = Field(
        100, ge=1, le=10_000, description="failures at most; what the destination as a whole does "
        "not take counts for nothing"
    )  # fmt: skip
    age: Seconds = Field(86_400.0, description="give up so long after the first failure")
    base: Seconds = Field(2.0, gt=0, description="ceiling of the first wait; doubles each time")
    cap: Seconds = Field(900.0, gt=0, description="no wait is longer than this")


class OutcomeRule(Part):
    """Gives a meaning to an answer of Altcraft that the built-in table has not, or another."""

    error: int = Field(description="Altcraft's `error` code")
    text: str | None = Field(
        None, description="regular expression sought in `error_text`; absent: any text"
    )
    outcome: OutcomeKind = Field(description="what such an answer means")


class Destination(Part):
    url: Annotated[HttpUrl, Field(description="base address; the API path is added")]
    token: SecretRef = Field(description="API token, made by a master user of the platform")
    rate: Rate | None = Field(
        None,
        description="requests at most, such as 50/s, of all workers together; fewer while "
        "Altcraft says it is too many",
    )
    concurrency: int = Field(
        16,
        ge=1,
        le=512,
        description="requests that each worker has in flight at most; fewer while Altcraft is slow",
    )
    timeout: Seconds = Field(15.0, gt=0, description="time limit of one request, connect to end")
    retry: Retry = Field(default_factory=Retry, description="waits and limits of retries")
    outcomes: tuple[OutcomeRule, ...] = Field(
        (), description="meanings of answers, asked before the built-in table"
    )

    @field_validator("url")
    @classmethod
    def _has_no_credentials(cls, url: HttpUrl) -> HttpUrl:
        if url.username or url.password or url.query or url.fragment:
            raise ValueError("expected only scheme, host, port and path")
        return url
