"""Keeps what stands at addresses up to date."""

import asyncio
import contextlib
import ssl
from random import Random

import structlog

from app.key_sets.fetch import Found, NotFetched, fetch
from app.key_sets.kept import Entry, Kept, Pace
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.sources.auth import Addresses, read_certificates, read_key_set

_log = structlog.get_logger()
_LIMIT_S = 10.0
_LONGEST_WAIT_S = 3600.0


class Fetcher:
    """Used in one loop. Without `tls` the machine's own certificate authorities are believed."""

    def __init__(
        self,
        clock: Clock,
        rng: Random,
        *,
        pace: Pace | None = None,
        limit_s: float = _LIMIT_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._kept = Kept(pace or Pace(), rng)
        self._limit_s = limit_s
        self._tls = tls
        self._woken = asyncio.Event()
        self._are_named_tried = asyncio.Event()

    def allow(self, addresses: Addresses) -> None:
        """From now on these alone; those that are named are fetched without being asked for."""
        self._kept.allow(addresses, self._clock.monotonic())
        self._note_tried()
        self._woken.set()

    def current(self, url: str) -> str | None:
        now = self._clock.monotonic()
        entry = self._kept.find(url, now)
        if entry is None:
            return None
        if entry.is_due(now):
            self._woken.set()
        return entry.text

    def look_again(self, url: str) -> None:
        if self._kept.look_again(url, self._clock.monotonic()):
            self._woken.set()

    async def first(self, limit_s: float) -> None:
        """Until each address that is named was tried once; not longer than the limit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._are_named_tried.wait()

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wake_at(stop), name="stop fetching keys")
            looks: set[asyncio.Task[None]] = set()
            while not stop.is_set():
                self._woken.clear()
                for entry in self._kept.start_due(self._clock.monotonic()):
                    look = tasks.create_task(self._look(entry), name=f"keys of {entry.host}")
                    looks.add(look)
                    look.add_done_callback(looks.discard)
                await self._until_due()
            for look in looks:
                look.cancel()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    async def _until_due(self) -> None:
        wait_s = min(self._kept.wait_s(self._clock.monotonic()), _LONGEST_WAIT_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._woken.wait()

    async def _look(self, entry: Entry) -> None:
        try:
            found = await self._fetched(entry)
        except NotFetched as failed:
            self._failed(entry, failed.why)
        except Exception as error:  # noqa: BLE001 - one address must not end the others
            self._failed(entry, f"{type(error).__name__} at {raised_at(error)}")
        else:
            is_new = found.text != entry.text
            self._kept.succeeded(entry, found.text, found.fresh_s, self._clock.monotonic())
            if is_new:
                _log.info("keys.fetched", host=entry.host)
        self._note_tried()
        self._woken.set()

    def _failed(self, entry: Entry, why: str) -> None:
        self._kept.failed(entry, self._clock.monotonic())
        _log.warning("keys.not_fetched", host=entry.host, why=why, still_in_use=bool(entry.text))

    async def _fetched(self, entry: Entry) -> Found:
        if self._tls is None:
            # Reads files: some milliseconds.
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        found = await fetch(entry.url, tls=self._tls, limit_s=self._limit_s)
        read = read_key_set if entry.is_named else read_certificates
        try:
            # A page that says "try later" with status 200 must not take the place of keys.
            read(found.text)
        except ValueError as error:
            raise NotFetched(str(error)) from None
        return found

    def _note_tried(self) -> None:
        if self._kept.are_named_tried:
            self._are_named_tried.set()
        else:
            self._are_named_tried.clear()
