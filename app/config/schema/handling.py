"""How the starts of a rule are treated on their way: their turn, their time, their company."""

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from app.config.schema.base import Expression, Part, Seconds
from app.kit import durations

_TIME_PATTERN = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"
_AT_MOST_PATTERN = r"^[0-9]+ per ([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"
_BATCH_PATTERN = r"^up_to [0-9]+ within ([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+( as task)?$"
_LARGEST_BATCH = 10_000  # Altcraft advises no more (guide "Batch import and engage profiles")
_LONGEST_GATHERING_S = 60.0
_MOST_PER_WINDOW = 1000


class Frequency(NamedTuple):
    """`1 per 24h`."""

    starts: int
    window_s: float


class Gathering(NamedTuple):
    """`up_to 500 within 200ms`, with `as task` behind it or not."""

    size: int
    within_s: float
    as_task: bool


def _minutes(given: Any) -> Any:
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 1440:
        return given  # YAML 1.1 reads 22:00 as sixty times 22
    if not isinstance(given, str) or not re.match(_TIME_PATTERN, given):
        raise ValueError('expected a time of the day such as "22:00", in quotes')
    hours, minutes = given.split(":")
    return int(hours) * 60 + int(minutes)


def _zone(given: Any) -> Any:
    try:
        if isinstance(given, str) and given:
            ZoneInfo(given)
            return given
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ValueError("expected the name of a time zone such as Europe/Moscow")


def _frequency(given: Any) -> Any:
    if not isinstance(given, str) or not re.match(_AT_MOST_PATTERN, given):
        raise ValueError('expected such as "1 per 24h"')
    count, _, window = given.partition(" per ")
    if not 1 <= int(count) <= _MOST_PER_WINDOW:
        raise ValueError(f"expected 1 to {_MOST_PER_WINDOW} starts")
    return Frequency(int(count), durations.seconds(window))


def _gathering(given: Any) -> Any:
    if not isinstance(given, str) or not re.match(_BATCH_PATTERN, given):
        raise ValueError('expected such as "up_to 500 within 200ms", or with " as task" behind it')
    words = given.split()
    size, within_s = int(words[1]), durations.seconds(words[3])
    if not 2 <= size <= _LARGEST_BATCH:
        raise ValueError(f"expected 2 to {_LARGEST_BATCH} starts in a request")
    if within_s > _LONGEST_GATHERING_S:
        raise ValueError(f"expected to gather for {_LONGEST_GATHERING_S:g} s at most")
    return Gathering(size, within_s, len(words) > 4)


if TYPE_CHECKING:
    MinuteOfDay: TypeAlias = int
    Zone: TypeAlias = str
    AtMost: TypeAlias = Frequency
    Batch: TypeAlias = Gathering
else:

    def _written(read: Any, kind: Any, schema: dict[str, Any]) -> Any:
        return Annotated[kind, BeforeValidator(read), WithJsonSchema({"type": "string", **schema})]

    MinuteOfDay = _written(_minutes, int, {"pattern": _TIME_PATTERN})
    Zone = _written(_zone, str, {})
    AtMost = _written(_frequency, Frequency, {"pattern": _AT_MOST_PATTERN})
    Batch = _written(_gathering, Gathering, {"pattern": _BATCH_PATTERN})


class QuietHours(Part):
    """Hours of the day in which nothing starts; what is due then waits for their end."""

    from_: MinuteOfDay = Field(alias="from", description='first quiet minute, such as "22:00"')
    to: MinuteOfDay = Field(description='first minute that is not, such as "08:00"')
    zone: Zone = Field("UTC", description="time zone, such as Europe/Moscow")
    zone_of: Expression | None = Field(
        None, description="yields the person's time zone; where it yields none, `zone` holds"
    )

    @model_validator(mode="after")
    def _is_a_part_of_the_day(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("`from` and `to` are the same: nothing would ever start")
        return self


class BurstOf(Part):
    """Of calls that follow each other closely only the last starts."""

    quiet: Seconds = Field(gt=0, description="a burst is over when so long no call came")
    longest: Seconds | None = Field(
        None, description="a burst without end starts after this; absent: 20 times `quiet`"
    )
    by: Expression | None = Field(
        None, description="calls with the same value are one burst; absent: of the same person"
    )


def _debounce_form(given: object) -> str:
    return "<burst>" if isinstance(given, dict | BurstOf) else "<quiet>"


Debounce = Annotated[
    Annotated[Seconds, Tag("<quiet>")] | Annotated[BurstOf, Tag("<burst>")],
    Discriminator(_debounce_form),
]
