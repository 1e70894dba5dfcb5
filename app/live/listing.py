"""Asks a platform for its scenarios, page by page, and remembers them for some seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.altcraft.client import Address, AltcraftClient
from app.altcraft.listing import Page, Scenario
from app.altcraft.replies import meanings
from app.kit.clock import Clock
from app.kit.ids import new_id
from app.model.outcome import Outcome
from app.revision.build import Platform

_AT_ONCE = 1000
_MOST_PAGES = 50
_LIMIT_S = 20.0
_KEPT_S = 10.0


@dataclass(frozen=True, slots=True)
class Listing:
    """`is_whole`: there are no more than these."""

    scenarios: tuple[Scenario, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Why there is no list. `is_refused`: by the platform, which was reached. `text` is safe to
    show."""

    is_refused: bool
    text: str


async def list_scenarios(platform: Platform, clock: Clock) -> Listing | Unlisted:
    """All of them, within a limit of pages and of time."""
    try:
        async with asyncio.timeout(_LIMIT_S), _client(platform, clock) as client:
            return await _pages(client)
    except TimeoutError:
        return Unlisted(False, f"no whole list within {_LIMIT_S:g} s")


async def _pages(client: AltcraftClient) -> Listing | Unlisted:
    found: list[Scenario] = []
    from_id = 1
    for _ in range(_MOST_PAGES):
        page = await client.list_scenarios(from_id, _AT_ONCE, request_id=f"list-{new_id()}")
        if not isinstance(page, Page):
            return _unlisted(page)
        found += page.scenarios
        # One that does not go on would be asked for for ever.
        if page.next_id is None or page.next_id <= from_id or not page.scenarios:
            return Listing(tuple(found), is_whole=True)
        from_id = page.next_id
    return Listing(tuple(found), is_whole=False)


def _unlisted(outcome: Outcome) -> Unlisted:
    said = f"error {outcome.altcraft_error}: " if outcome.altcraft_error is not None else ""
    is_refused = outcome.altcraft_error is not None or outcome.kind.value == "token_refused"
    return Unlisted(is_refused, f"{outcome.kind.value} ({said}{outcome.text or 'no reason given'})")


@asynccontextmanager
async def _client(platform: Platform, clock: Clock) -> AsyncIterator[AltcraftClient]:
    # Apart from the worker's, so that a list never takes a connection from a start.
    given = platform.settings
    address = Address(str(given.url), platform.token, given.timeout, connections=1)
    client = AltcraftClient(address, meanings(given.outcomes), clock)
    try:
        yield client
    finally:
        await client.close()


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    platform: Platform | None = None
    at: float = float("-inf")
    found: Listing | Unlisted | None = None


class Scenarios:
    """However many ask at once, a platform is asked once in some seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def of(self, platform: Platform) -> Listing | Unlisted:
        kept = self._kept.setdefault(platform.name, _Kept())
        async with kept.lock:
            is_fresh = self._clock.monotonic() - kept.at < _KEPT_S and kept.platform == platform
            if kept.found is None or not is_fresh:
                kept.found = await list_scenarios(platform, self._clock)
                kept.platform, kept.at = platform, self._clock.monotonic()
            return kept.found
