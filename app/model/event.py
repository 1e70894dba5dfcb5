"""One call as it came in, kept so that it can be replayed."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.kit.light import light, maker

EventId = NewType("EventId", str)


ERASED = "erased: the person asked to be forgotten"
"""The reason of events and deliveries that were emptied."""


class EventStatus(StrEnum):
    ACCEPTED = "accepted"
    IGNORED = "ignored"


@light
class Event:
    """`query` is the raw query string and `headers` have lower-case names; both come here
    with the places that held a secret emptied. `body` is the bytes as received. `reason` says
    why an ignored event started nothing: the nearest rule and the condition that failed."""

    id: EventId
    source: str
    received_at: datetime
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    content_type: str
    body: bytes
    status: EventStatus
    reason: str | None = None

    @property
    def is_erased(self) -> bool:
        return self.reason == ERASED


make_event = maker(Event)
