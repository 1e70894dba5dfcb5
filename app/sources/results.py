"""What becomes of a call at its source: refused, answered, or taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from app.expressions import Variables
from app.kit.light import light, maker
from app.model.json import Json
from app.sources.call import Call

ITEM_TYPE = "application/vnd.altcraft-bridge.item+json"
"""Content type of the stored body of one item out of many: `{"item": ..., "call": ...}`."""


@light
class HttpReply:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Refused:
    """`slug` names the problem, `detail` is for the caller; `why` is for our log alone, and
    holds no value of the call. `challenge` is for the header WWW-Authenticate."""

    slug: str
    detail: str
    why: str | None = None
    challenge: str | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A handshake: answered, not kept. `name` tells which of the source's."""

    reply: HttpReply = field(repr=False)
    name: str


@light
class Item:
    """What becomes one event. `reason` says why the rules are not asked (it is kept all the
    same); `note` what went otherwise than configured, such as a missing deduplication key."""

    variables: Variables = field(repr=False)
    dedup_key: str | None = None
    dedup_window_s: float | None = None
    reason: str | None = None
    note: str | None = None
    is_part: bool = False

    def body(self, call: Call) -> bytes:
        """What is stored: the body as received, or of one item among many, the item."""
        if not self.is_part:
            return call.body
        # Kept beside the item: rules that read `call` must say the same in a replay.
        return json_bytes({"item": self.variables.body, "call": self.variables.call})

    def content_type(self, call: Call) -> str:
        if self.is_part:
            return ITEM_TYPE
        stated = call.content_type
        # Nobody outside may claim to send what only we store.
        return "application/json" if stated.lower().startswith(ITEM_TYPE) else stated


make_item = maker(Item)


@light
class Taken:
    """`items` holds at least one. `variables` are those of the whole call; `undecodable` says
    why a call that is kept all the same could not be decoded."""

    items: tuple[Item, ...]
    variables: Variables = field(repr=False)
    is_batch: bool = False
    undecodable: str | None = None


def json_bytes(given: Json) -> bytes:
    return orjson.dumps(given, option=orjson.OPT_NON_STR_KEYS)
