"""Keeps the configuration in use up to date with its file."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import structlog

from app.config.faults import ConfigRefused, Fault
from app.kit.clock import Clock, SystemClock
from app.observe.counts import Counts
from app.revision.build import Revision, read_revision
from app.sources.auth import KeySets, NothingFetched

_log = structlog.get_logger()
_EVERY_S = 2.0
# Between the two steps of a swap the file may be missing.
_SWAP_S = 5.0
# What a content was refused for may lie beside it: a secret's file that comes later.
_AGAIN_S = 10.0
_UNREAD = "unread"
_NOTHING_FETCHED = NothingFetched()
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class RefusedRevision:
    """A new content of the file that can't be used. `id` names it, `unread` where there is none
    to be read; `at` is since when."""

    id: str
    at: datetime
    file: str
    faults: tuple[Fault, ...]


class CurrentRevision:
    """The revision in use, `since` when; `refused` is what its file holds instead, None: the same.
    Listeners are called, in the loop, with each new one.

    The file is read and hashed, not watched by inode: where it is a link that is swapped, as
    Kubernetes does with a ConfigMap, the inode never changes.
    """

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        revision: Revision,
        rng: Random,
        key_sets: KeySets = _NOTHING_FETCHED,
        counts: Counts | None = None,
        clock: Clock = _CLOCK,
    ) -> None:
        self._clock = clock
        self._path = path
        self._environ = environ
        self._rng = rng
        self._key_sets = key_sets
        self._counts = counts
        self._clock = clock
        self._seen = revision.id
        self._unread_since: float | None = None
        self._again_at = 0.0
        self._listeners: list[Callable[[Revision], None]] = []
        self.revision = revision
        self.since = clock.now()
        self.refused: RefusedRevision | None = None

    def listen(self, listener: Callable[[Revision], None]) -> None:
        self._listeners.append(listener)

    async def watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with asyncio.timeout(_EVERY_S * self._rng.uniform(0.8, 1.2)):
                    await stop.wait()
            except TimeoutError:
                await self.look()

    async def look(self) -> bool:
        """True when a new revision came into use. A file that can't be used leaves the old one
        in use, is tried again from time to time, and says so whenever its faults are others."""
        digest = await asyncio.to_thread(self._digest)
        if not self._is_due(digest):
            return False
        self._seen = digest
        try:
            found = await asyncio.to_thread(
                read_revision, self._path, self._environ, self._key_sets
            )
        except ConfigRefused as refused:
            self._refuse(digest, refused)
            return False
        self.refused = None
        if found.id != self.revision.id:
            self.since = self._clock.now()
        self.revision = found
        for listener in self._listeners:
            listener(found)
        self._took(is_good=True)
        _log.info("config.reloaded", revision=found.id, warnings=len(found.warnings))
        return True

    def _is_due(self, digest: str) -> bool:
        now = self._clock.monotonic()
        if digest != _UNREAD:
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        if self._unread_since is not None and now - self._unread_since < _SWAP_S:
            return False
        return digest != self._seen or (self.refused is not None and now >= self._again_at)

    def _refuse(self, digest: str, refused: ConfigRefused) -> None:
        self._again_at = self._clock.monotonic() + _AGAIN_S
        known = self.refused
        if known is not None and (known.id, known.faults) == (digest, refused.faults):
            return
        _log.error("config.refused", faults=refused.lines(), still_in_use=self.revision.id)
        self.refused = RefusedRevision(digest, self._clock.now(), refused.file, refused.faults)
        self._took(is_good=False)

    def _took(self, *, is_good: bool) -> None:
        if self._counts is not None:
            self._counts.reloaded(is_good=is_good)

    def _digest(self) -> str:
        try:
            return hashlib.sha256(self._path.read_bytes()).hexdigest()[:12]
        except OSError:
            return _UNREAD
