"""What became of a delivery, told from its making to Altcraft's last answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from app.desk.desk import Desk
from app.desk.exchanges import Exchange, exchange
from app.model.delivery import Attempt, Delivery, DeliveryId, DeliveryState
from app.model.json import Json
from app.model.outcome import OutcomeKind
from app.revision import Revision
from app.shown.handling import handling_words
from app.shown.masking import masked, shown_match, without

_MOST_ATTEMPTS = 500
_OPEN = (DeliveryState.PENDING, DeliveryState.PAUSED, DeliveryState.IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One exchange and what followed. `next_at`: when the next was made; None of the last.
    `has_moved`: the next tried another match."""

    told: Exchange
    next_at: datetime | None
    has_moved: bool


@dataclass(frozen=True, slots=True)
class Story:
    """`reason`, `matches` and `content` as the visitor may see them."""

    delivery: Delivery
    reason: str | None
    matches: Sequence[str]
    content: Json
    handling: Sequence[str]
    chapters: Sequence[Chapter]

    @property
    def is_open(self) -> bool:
        return self.delivery.state in _OPEN

    @property
    def may_cancel(self) -> bool:
        return self.delivery.state in (DeliveryState.PENDING, DeliveryState.PAUSED)

    @property
    def may_replay(self) -> bool:
        return not self.is_open and not self.delivery.is_erased


async def stories(desk: Desk, deliveries: Sequence[Delivery], *, reveal: bool) -> list[Story]:
    """With their exchanges, of which the store is asked once."""
    ids = [one.id for one in deliveries]
    attempts = await desk.outbox.attempts_of(ids, limit=_MOST_ATTEMPTS)
    return [_story(one, attempts, desk.revision, reveal=reveal) for one in deliveries]


def _story(
    delivery: Delivery,
    attempts: Mapping[DeliveryId, Sequence[Attempt]],
    revision: Revision,
    *,
    reveal: bool,
) -> Story:
    start = delivery.start
    made = attempts[delivery.id]
    told = [exchange(delivery, one, revision, reveal=reveal) for one in made]
    return Story(
        delivery=delivery,
        reason=delivery.reason if reveal else without(delivery.reason, start.matches),
        matches=[shown_match(match, reveal=reveal) for match in start.matches],
        content=start.content if reveal else masked(start.content),
        handling=handling_words(start.handling),
        chapters=_chapters(told),
    )


def _chapters(told: Sequence[Exchange]) -> list[Chapter]:
    following = [one.attempt for one in told[1:]]
    return [
        Chapter(one, later.at if later else None, _has_moved(one.attempt, later))
        for one, later in zip_longest(told, following)
    ]


def _has_moved(attempt: Attempt, later: Attempt | None) -> bool:
    is_unknown = attempt.outcome is OutcomeKind.UNKNOWN_PROFILE
    return is_unknown and later is not None and later.match_index != attempt.match_index
