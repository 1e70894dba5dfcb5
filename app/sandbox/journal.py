"""What the stand-in received and what it answered, for tests and people."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import orjson

from app.kit.errors import BridgeError

_KEPT = 100_000


class JournalRefused(BridgeError):
    slug = "configuration"


@dataclass(frozen=True, slots=True)
class Entry:
    """`body` has its token masked. `person` is how the caller named the profile, `profile_id`
    whom that found; `status` None: the connection was cut without a whole answer. `scenario` is
    the number of the `target`, a scenario or a trigger mailing. Of a batch each member is one.
    `traceparent` and `tracestate`: the headers by which a trace goes on."""

    number: int
    at: str
    method: str
    request_id: str
    body: Mapping[str, Any]
    person: str | None
    scenario: int | None
    started: bool
    fault: str | None
    status: int | None
    error: int | None
    error_text: str | None
    profile_id: str | None = None
    target: str = "scenario"
    traceparent: str | None = None
    tracestate: str | None = None


class Journal:
    """In memory the last 100,000 entries; in the file, where there is one, every entry, a JSON
    line each, written before the answer leaves. Raises JournalRefused."""

    def __init__(self, path: Path | None = None, *, kept: int = _KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._starts: deque[Entry] = deque(maxlen=kept)
        self._count = 0
        self._requests = 0
        self._started = 0
        self._changed = asyncio.Condition()
        self._waiting = 0
        self._file = _opened(path) if path else None

    def write(self, *, is_request: bool = True, **facts: Any) -> Entry:
        """`is_request` is false for the further members of a batch."""
        self._count += 1
        self._requests += is_request
        entry = Entry(number=self._count, **facts)
        self._entries.append(entry)
        if entry.started:
            self._started += 1
            self._starts.append(entry)
        if self._file:
            # Within the loop: a line has to be in the file before its answer is on the way, and
            # a file that nobody syncs takes microseconds.
            self._file.write(orjson.dumps(asdict(entry)).decode() + "\n")
        return entry

    async def tell(self) -> None:
        """Wakes those who wait for entries."""
        if self._waiting:
            async with self._changed:
                self._changed.notify_all()

    def after(self, number: int, limit: int) -> list[Entry]:
        if not self._entries:
            return []
        skipped = max(0, number + 1 - self._entries[0].number)
        return list(islice(self._entries, skipped, skipped + limit))

    @property
    def last_number(self) -> int:
        return self._count

    @property
    def requests_count(self) -> int:
        """Since the last clearing, those that are no longer kept among them."""
        return self._requests

    @property
    def starts_count(self) -> int:
        """Since the last clearing, those that are no longer kept among them."""
        return self._started

    @property
    def starts(self) -> list[Entry]:
        return list(self._starts)

    async def wait_for_starts(self, count: int, *, limit_s: float) -> list[Entry]:
        """Raises TimeoutError."""
        await self._wait_until(lambda: self._started >= count, limit_s)
        return self.starts

    async def wait_for_requests(self, count: int, *, limit_s: float) -> list[Entry]:
        """Raises TimeoutError."""
        await self._wait_until(lambda: self._requests >= count, limit_s)
        return list(self._entries)

    async def _wait_until(self, is_so: Callable[[], bool], limit_s: float) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(limit_s), self._changed:
                await self._changed.wait_for(is_so)
        finally:
            self._waiting -= 1

    def clear(self) -> None:
        self._entries.clear()
        self._starts.clear()
        self._requests = self._started = 0

    def close(self) -> None:
        if self._file:
            self._file.close()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a", buffering=1, encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise JournalRefused(f"{path}: the journal can't be written: {why}") from None
