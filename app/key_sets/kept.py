"""What is kept of addresses, and when each is due; no network, no clock of its own."""

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import httpx

from app.kit.backoff import full_jitter
from app.sources.auth import Addresses, is_within

MOST_OF_CALLS = 32
_MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """Without a word of the other side an address is asked every `refresh_s`; by its word not more
    often than every `least_s` and at least every `most_s`. `early_s` is the least time between two
    looks ahead of time, `of_calls_s` that between two looks at addresses that calls named."""

    refresh_s: float = 3600.0
    least_s: float = 300.0
    most_s: float = 86400.0
    early_s: float = 60.0
    of_calls_s: float = 1.0
    retry_base_s: float = 2.0
    retry_cap_s: float = 300.0


@dataclass(slots=True, eq=False)
class Entry:
    """`is_wanted`: what the file names always is, what a call named when a call asked for it since
    the last look. `is_tried`: there was an answer or a failure already."""

    url: str
    is_named: bool
    due_at: float
    is_wanted: bool = True
    is_tried: bool = False
    is_under_way: bool = False
    text: str | None = None
    failed: int = 0
    early_at: float = -math.inf

    @property
    def host(self) -> str:
        return httpx.URL(self.url).host

    def is_due(self, now: float) -> bool:
        return self.is_wanted and not self.is_under_way and now >= self.due_at


class Kept:
    """All times are monotonic. Addresses of calls are bounded in number and are looked at one at a
    time, so that whoever makes them up keeps nobody else from being let in."""

    def __init__(self, pace: Pace, rng: Random) -> None:
        self._pace = pace
        self._rng = rng
        self._allowed = Addresses()
        self._named: dict[str, Entry] = {}
        # The one asked for last stands last.
        self._of_calls: OrderedDict[str, Entry] = OrderedDict()
        self._of_calls_from = -math.inf

    def allow(self, addresses: Addresses, now: float) -> None:
        """From now on these alone; what is kept of others is forgotten."""
        self._allowed = addresses
        known, self._named = self._named, {}
        for url in sorted(addresses.named):
            self._named[url] = known.get(url) or Entry(url, is_named=True, due_at=now)
            self._of_calls.pop(url, None)
        for url in [url for url in self._of_calls if not self._is_allowed(url)]:
            del self._of_calls[url]

    def find(self, url: str, now: float) -> Entry | None:
        """For a call. None where it may not be fetched."""
        return self._named.get(url) or self._of_call(url, now)

    def _of_call(self, url: str, now: float) -> Entry | None:
        entry = self._of_calls.get(url)
        if entry is None:
            if not self._is_allowed(url):
                return None
            self._make_room()
            entry = self._of_calls[url] = Entry(url, is_named=False, due_at=now)
        self._of_calls.move_to_end(url)
        entry.is_wanted = True
        return entry

    def _is_allowed(self, url: str) -> bool:
        """By the host that the client itself reads out of it, for that is where it goes."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            return False
        is_plain = parsed.scheme == "https" and not parsed.userinfo
        return is_plain and is_within(parsed.host, self._allowed.hosts)

    def _make_room(self) -> None:
        """Those made up go first: at their addresses nothing stood."""
        if len(self._of_calls) < MOST_OF_CALLS:
            return
        empty = (url for url, entry in self._of_calls.items() if entry.text is None)
        del self._of_calls[next(empty, next(iter(self._of_calls)))]

    def look_again(self, url: str, now: float) -> bool:
        """True when it is due now, ahead of its time."""
        entry = self._named.get(url)
        if entry is None or entry.is_under_way or now - entry.early_at < self._pace.early_s:
            return False
        entry.early_at = now
        entry.due_at = min(entry.due_at, now)
        return True

    def start_due(self, now: float) -> list[Entry]:
        """Those to look at now; each is under way until it succeeded or failed."""
        started = [entry for entry in self._waiting() if entry.is_due(now)]
        started = sorted(started, key=lambda entry: entry.due_at)[: self._free()]
        of_call = self._next_of_calls(now)
        if of_call is not None and of_call.is_due(now):
            self._of_calls_from = now + self._pace.of_calls_s
            started.append(of_call)
        for entry in started:
            entry.is_under_way = True
        return started

    def wait_s(self, now: float) -> float:
        """Until the next is due; infinite when none will be by itself."""
        times = [entry.due_at for entry in self._waiting()] if self._free() else []
        of_call = self._next_of_calls(math.inf)
        if of_call is not None:
            times.append(max(of_call.due_at, self._of_calls_from))
        return max(0.0, min(times, default=math.inf) - now)

    def _waiting(self) -> Iterator[Entry]:
        return (entry for entry in self._named.values() if not entry.is_under_way)

    def _free(self) -> int:
        return _MOST_AT_ONCE - sum(entry.is_under_way for entry in self._named.values())

    def _next_of_calls(self, now: float) -> Entry | None:
        if now < self._of_calls_from or any(e.is_under_way for e in self._of_calls.values()):
            return None
        wanted = [entry for entry in self._of_calls.values() if entry.is_wanted]
        return min(wanted, key=lambda entry: entry.due_at, default=None)

    def succeeded(self, entry: Entry, text: str, fresh_s: float | None, now: float) -> None:
        pace, wait_s = self._pace, self._pace.refresh_s
        if fresh_s is not None:
            wait_s = min(max(fresh_s, pace.least_s), pace.most_s)
        # Earlier, never later: later it would be older than the other side allows.
        entry.due_at = now + wait_s * self._rng.uniform(0.8, 1.0)
        entry.text, entry.failed = text, 0
        self._settle(entry)

    def failed(self, entry: Entry, now: float) -> None:
        """What was there before stays."""
        entry.failed += 1
        base_s, cap_s = self._pace.retry_base_s, self._pace.retry_cap_s
        wait_s = full_jitter(entry.failed, base_s=base_s, cap_s=cap_s, rng=self._rng)
        entry.due_at = now + wait_s
        self._settle(entry)

    def _settle(self, entry: Entry) -> None:
        entry.is_under_way, entry.is_tried = False, True
        entry.is_wanted = entry.is_named

    @property
    def are_named_tried(self) -> bool:
        return all(entry.is_tried for entry in self._named.values())
