"""Prints how long each page of the console and each list of the API takes on a store with a long
past, as operators wait for it: by HTTP, from a process of its own.

    python -m bench.pages --events 1000000
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from app.cli.tables import complain, say, show, table
from app.kit.clock import SystemClock
from app.kit.errors import BridgeError
from bench import busy, servers
from bench.deliveries import call_steadily

_LIMIT_MS = 200.0
_ADMIN = "bench-admin-token"
_CONSOLE = {
    "audit log": "acts",
    "sources": "sources",
    "a source": "sources/source-3",
    "listen to a source": "sources/source-3/listen",
    "rules": "rules",
    "a rule": "rules/rule-4",
    "presets": "sources/presets",
    "a preset": "sources/presets/bitrix24",
    "check": "check",
    "playground": "playground",
}
_EVENTS = {
    "all": "",
    "of a source": "source=source-3",
    "ignored": "status=ignored",
    "ignored of a source": "status=ignored&source=source-3",
    "accepted of a source": "status=accepted&source=source-3",
    "of a source that is no more": "source=gone",
    "accepted of a source that is no more": "status=accepted&source=gone",
    "before the middle": "until={middle}",
    "of a source before the middle": "source=source-3&until={middle}",
    "ignored since the middle": "status=ignored&since={middle}",
}
_DELIVERIES = {
    "all": "",
    "of a source": "source=source-3",
    "of a rule": "rule=rule-4",
    "of a rare rule": "rule=rule-19",
    "of a destination": "destination=main",
    "of a rare destination": "destination=rare",
    "of a rare destination, done": "destination=rare&state=done",
    "done": "state=done",
    "done of a rule and another source": "state=done&rule=rule-4&source=source-3",
    "pending": "state=pending",
    "dead": "state=dead",
    "dead of a rule": "state=dead&rule=rule-4",
    "dead of a rare rule": "state=dead&rule=rule-19",
    "malformed": "outcome=malformed",
    "malformed of a rare destination and rule": "destination=rare&rule=rule-19&outcome=malformed",
    "expired of a rule without one": "rule=rule-5&outcome=expired",
    "cancelled": "outcome=cancelled",
    "replayed": "replayed=true",
    "before the middle": "until={middle}",
    "of a rare destination before the middle": "destination=rare&until={middle}",
    "of a rule before the middle": "rule=rule-4&until={middle}",
    "dead since the middle": "state=dead&since={middle}",
}
_CHOSEN = {
    "a rule": "rule=rule-4",
    "what is dead": "state=dead",
    "what is done": "state=done",
    "what is done at a rare destination": "state=done&destination=rare",
    "a rare destination": "destination=rare",
    "an outcome": "outcome=malformed",
}
_API = {
    "sources": "sources",
    "rules": "rules",
    "destinations": "destinations",
    "problems": "problems",
    "problems that are over": "problems?state=resolved",
    "concerns": "concerns",
    "acts": "acts",
    "traffic of an hour by minutes": "traffic?since=1h&step=1m",
    "traffic of a day": "traffic?since=1d",
    "traffic of a day by hours": "traffic?since=1d&step=1h",
    "traffic of a week by hours": "traffic?since=7d&step=1h",
    "traffic of a month by days": "traffic?since=30d&step=1d",
}


@dataclass(frozen=True, slots=True)
class Page:
    """`form`: posted instead of asked for; without the proof, which is added."""

    name: str
    path: str
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Milliseconds that one look took, and those of the processor, to the hundredth of a second."""

    ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Took:
    median_ms: float
    worst_ms: float
    cpu_ms: float


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name:
        folder = Path(name)
        store = Path(options.store) if options.store else folder / "pages.db"
        if not store.exists():
            began = time.monotonic()
            asyncio.run(busy.make_busy_store(f"sqlite+aiosqlite:///{store}", options.events))
            say(f"{options.events:,} events after {time.monotonic() - began:.0f} s")
        with servers.sandbox() as sandbox, _bridge(folder, store, sandbox) as (url, process):
            found = _measure(servers.Server(url, (process,)), options)
    rows = [
        (
            page.name,
            *(f"{ms:.0f}" for ms in (took.median_ms, took.worst_ms, took.cpu_ms)),
            f"{_LIMIT_MS / took.worst_ms:.1f}",
        )
        for page, took in found
    ]
    columns = ("page", "median ms", "worst ms", "cpu ms", f"{_LIMIT_MS:g} ms to the worst")
    show(table(columns, rows))
    late = [page.name for page, took in found if took.median_ms > _LIMIT_MS]
    if late:
        complain(f"above {_LIMIT_MS:g} ms: {', '.join(late)}")
    sys.exit(1 if late else 0)


def _bridge(folder: Path, store: Path, sandbox: str) -> AbstractContextManager[tuple[str, int]]:
    return servers.configured(folder, store, busy.config(sandbox), BRIDGE_ADMIN_TOKEN=_ADMIN)


def _measure(server: servers.Server, options: argparse.Namespace) -> list[tuple[Page, Took]]:
    with httpx.Client(base_url=server.url, timeout=60, follow_redirects=True) as browser:
        browser.post("/console/login", data={"token": _ADMIN})
        browser.headers["Authorization"] = f"Bearer {_ADMIN}"
        pages = [one for one in _pages(browser) if options.only in one.name]
        if options.calls:
            seconds = 600
            called = (f"{server.url}/hooks/source-0", options.calls, seconds)
            # Ends with the process: it is asked for more seconds than the pages take.
            threading.Thread(
                target=lambda: asyncio.run(call_steadily(*called)), daemon=True
            ).start()
        for page in pages:
            _look(browser, page, server)
        took: dict[str, list[Look]] = {page.name: [] for page in pages}
        # In turns: what else the machine does at a moment is no matter of one page.
        for _ in range(options.rounds):
            for page in pages:
                took[page.name].append(_look(browser, page, server))
    return [(page, _of(took[page.name])) for page in pages]


def _of(looks: Sequence[Look]) -> Took:
    ms = [look.ms for look in looks]
    return Took(statistics.median(ms), max(ms), statistics.mean(look.cpu_ms for look in looks))


def _look(browser: httpx.Client, page: Page, server: servers.Server) -> Look:
    form = None if page.form is None else {**page.form, "proof": _proof(browser)}
    used, began = server.cpu_s(), time.perf_counter()
    answer = browser.request("GET" if form is None else "POST", page.path, data=form)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise BridgeError(f"{page.path} answered {answer.status_code}")
    return Look(took, (server.cpu_s() - used) * 1000)


def _proof(browser: httpx.Client) -> str:
    found = re.search(r'name="proof" value="(\w+)"', browser.get("/console/forget").text)
    return found.group(1) if found else ""


def _pages(browser: httpx.Client) -> Iterator[Page]:
    now = SystemClock().now()
    middle = (now - timedelta(days=busy.DAYS / 2)).isoformat(timespec="seconds").replace("+", "%2B")
    yield from _of_console()
    yield from _of_one(browser)
    for name, query in _EVENTS.items():
        yield Page(f"events, {name}", f"/console/events?{query.format(middle=middle)}")
        yield Page(f"API events, {name}", f"/api/v1/events?{query.format(middle=middle)}")
    for name, query in _DELIVERIES.items():
        yield Page(f"deliveries, {name}", f"/console/deliveries?{query.format(middle=middle)}")
        yield Page(f"API deliveries, {name}", f"/api/v1/deliveries?{query.format(middle=middle)}")
    for name, query in _CHOSEN.items():
        for doing in ("replay", "cancel") if name == "a rule" else ("replay",):
            yield Page(f"{doing} all of {name}?", f"/console/deliveries/all/{doing}?{query}")
    yield Page("forget somebody?", "/console/forget", {"crm_id": busy.KNOWN})
    yield from _of_person(browser)
    yield from (Page(f"API {name}", f"/api/v1/{path}") for name, path in _API.items())


def _of_console() -> Iterator[Page]:
    for name in ("hour", "day", "week"):
        yield Page(f"overview, {name}", f"/console/?range={name}")
    yield from (Page(name, f"/console/{path}") for name, path in _CONSOLE.items())


def _of_one(browser: httpx.Client) -> Iterator[Page]:
    """The first event, the first delivery and the first problem that their lists name."""
    for name, listed in (("event", "events"), ("delivery", "deliveries"), ("problem", "problems")):
        answer = browser.get(f"/console/{listed}")
        link = re.search(rf'"(/console/{listed}/[^"/?]+)["?]', answer.text)
        if answer.status_code == 200 and link:
            yield Page(f"{name} of the list", link.group(1))


def _of_person(browser: httpx.Client) -> Iterator[Page]:
    form = {"kind": "crm_id", "value": busy.KNOWN, "proof": _proof(browser)}
    for to in ("events", "deliveries"):
        found = browser.post("/console/people", data={**form, "to": to}, follow_redirects=False)
        yield Page(f"{to} of a person", found.headers["location"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=0, help="that come in meanwhile, a second")
    parser.add_argument("--only", default="", help="pages with this in their names")
    parser.add_argument("--store", help="a file that is kept, and used when it is there")
    parser.add_argument("--folder", default=".", help="where files are made")
    return parser.parse_args()


if __name__ == "__main__":
    main()
