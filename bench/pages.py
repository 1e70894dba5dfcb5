"""Prints how long each page of the console and each list of the API takes on a store with a long
past, as operators wait for it: by HTTP, from a process of its own.

    python -m bench.pages --events 1000000
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.cli.tables import complain, say, show, table
from app.kit.errors import BridgeError
from bench import busy, servers
from bench.visited import Page, every_page, proof_of

_LIMIT_MS = 200.0
_ADMIN = "bench-admin-token"


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


def _bridge(
    folder: Path, store: Path, sandbox: str
) -> contextlib.AbstractContextManager[tuple[str, int]]:
    return servers.configured(folder, store, busy.config(sandbox), BRIDGE_ADMIN_TOKEN=_ADMIN)


def _measure(server: servers.Server, options: argparse.Namespace) -> list[tuple[Page, Took]]:
    with (
        _called(f"{server.url}/hooks/source-0", options.calls),
        httpx.Client(base_url=server.url, timeout=60, follow_redirects=True) as browser,
    ):
        browser.post("/console/login", data={"token": _ADMIN})
        browser.headers["Authorization"] = f"Bearer {_ADMIN}"
        pages = [one for one in every_page(browser) if options.only in one.name]
        for page in pages:
            _look(browser, page, server)
        took: dict[str, list[Look]] = {page.name: [] for page in pages}
        # In turns: what else the machine does at a moment is no matter of one page.
        for _ in range(options.rounds):
            for page in pages:
                took[page.name].append(_look(browser, page, server))
    return [(page, _of(took[page.name])) for page in pages]


@contextlib.contextmanager
def _called(url: str, per_second: int) -> Iterator[None]:
    """Within the block so many calls a second come in, at most."""
    stop = threading.Event()
    thread = threading.Thread(target=_call, args=(url, per_second, stop))
    if per_second:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if per_second:
            thread.join(timeout=30)


def _call(url: str, per_second: int, stop: threading.Event) -> None:
    refused = 0
    with httpx.Client(timeout=10, headers=servers.signed_headers()) as http:
        while not stop.wait(1 / per_second):
            refused += not http.post(url, content=servers.BODY).is_success
    if refused:
        complain(f"{refused} calls were refused")


def _of(looks: Sequence[Look]) -> Took:
    ms = [look.ms for look in looks]
    return Took(statistics.median(ms), max(ms), statistics.mean(look.cpu_ms for look in looks))


def _look(browser: httpx.Client, page: Page, server: servers.Server) -> Look:
    form = None if page.form is None else {**page.form, "proof": proof_of(browser)}
    used, began = server.cpu_s(), time.perf_counter()
    answer = browser.request("GET" if form is None else "POST", page.path, data=form)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise BridgeError(f"{page.path} answered {answer.status_code}")
    return Look(took, (server.cpu_s() - used) * 1000)


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
