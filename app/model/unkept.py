"""A call that left no event: refused, a repeat, or a handshake that was answered. What is known of
it helps whoever sets the caller up, for an hour."""

from collections.abc import Mapping
from datetime import datetime
from typing import NewType

from app.kit.light import light
from app.model.json import Json

UnkeptId = NewType("UnkeptId", str)

ANSWERED = "answered"
DUPLICATE = "duplicate"
NOT_REFUSED = (ANSWERED, DUPLICATE)


@light
class UnkeptCall:
    """`slug` names the problem, or is ANSWERED or DUPLICATE. `why` is for operators: of a handshake
    its name, of a repeat the id of the event. `path` (with the query), `headers` and `shape` (the
    decoded body) hold no secret and no value of a person. `shape` None: it could not be read."""

    id: UnkeptId
    source: str
    at: datetime
    slug: str
    why: str | None
    method: str
    path: str
    headers: Mapping[str, str]
    content_type: str
    body_bytes: int
    shape: Json = None

    @property
    def is_refused(self) -> bool:
        return self.slug not in NOT_REFUSED
