"""Remembers the last calls that left no event, for whoever sets their source up.

A flood of them costs nothing: of each source a few are noted and then one a second, what is noted
is read and masked later, off the loop, and the store keeps the last few for an hour.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Protocol

import structlog

from app.ingest.described import (
    MOST_BODY_BYTES,
    described_body,
    described_headers,
    described_path,
)
from app.kit.backoff import spread
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.kit.ids import new_id
from app.kit.light import light
from app.model.unkept import UnkeptCall, UnkeptId
from app.outbox import StoreUnavailable
from app.sources.call import Call
from app.sources.source import Source

_log = structlog.get_logger()
_EVERY_S = 1.0
_LIMIT_S = 5.0
_AT_ONCE = 5
_MOST_NOTED = 50
_MOST_WHY = 400


class Kept(Protocol):
    """What it needs of the outbox."""

    async def put_refusals(self, found: Sequence[UnkeptCall]) -> None: ...


@light
class _Noted:
    id: UnkeptId
    at: datetime
    source: Source
    slug: str
    why: str | None
    call: Call | None
    body_bytes: int


class _Turn:
    """Lets a few go at once, and one a second."""

    __slots__ = ("_at_s", "_left")

    def __init__(self, now_s: float) -> None:
        self._left = float(_AT_ONCE)
        self._at_s = now_s

    def take(self, now_s: float) -> bool:
        self._left = min(_AT_ONCE, self._left + now_s - self._at_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Unkept:
    def __init__(self, store: Kept, clock: Clock, rng: Random) -> None:
        self._store = store
        self._clock = clock
        self._rng = rng
        self._noted: deque[_Noted] = deque(maxlen=_MOST_NOTED)
        # By name; only sources of a configuration have one.
        self._turns: dict[str, _Turn] = {}

    def note(self, source: Source, call: Call | None, slug: str, why: str | None = None) -> None:
        """`call` None: it could not even be read."""
        now_s = self._clock.monotonic()
        turn = self._turns.get(source.name)
        if turn is None:
            turn = self._turns[source.name] = _Turn(now_s)
        if turn.take(now_s):
            self._noted.append(self._of(source, call, slug, why))

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(spread(_EVERY_S, rng=self._rng))
            try:
                async with asyncio.timeout(_LIMIT_S):
                    await self.flush()
            except (StoreUnavailable, TimeoutError):
                # Nobody can look at them then, either.
                _log.debug("unkept.store_unavailable")
            except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
                _log.error("unkept.failed", kind=type(error).__name__, at=raised_at(error))

    async def flush(self) -> None:
        """What is noted goes to the store, or is lost. Raises StoreUnavailable."""
        noted = list(self._noted)
        self._noted.clear()
        if noted:
            await self._store.put_refusals(await asyncio.to_thread(_described, noted))

    def _of(self, source: Source, call: Call | None, slug: str, why: str | None) -> _Noted:
        size = len(call.body) if call else 0
        if call and size > MOST_BODY_BYTES:
            call = replace(call, body=b"")
        return _Noted(UnkeptId(new_id()), self._clock.now(), source, slug, why, call, size)


def _described(noted: Sequence[_Noted]) -> list[UnkeptCall]:
    return [_described_one(one) for one in noted]


def _described_one(noted: _Noted) -> UnkeptCall:
    call, source = noted.call, noted.source
    is_whole = call is not None and 0 < noted.body_bytes <= MOST_BODY_BYTES
    return UnkeptCall(
        id=noted.id,
        source=source.name,
        at=noted.at,
        slug=noted.slug,
        why=noted.why[:_MOST_WHY] if noted.why else None,
        method=call.method[:16] if call else "",
        path=described_path(call, source) if call else "",
        headers=described_headers(call, source) if call else {},
        content_type=call.content_type[:200] if call else "",
        body_bytes=noted.body_bytes,
        shape=described_body(call, source) if call and is_whole else None,
    )
