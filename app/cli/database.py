"""`bridge db ...`"""

import asyncio
import sys
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from rich.filesize import decimal

from app.cli.exits import Exit
from app.cli.given import ConfigFile
from app.cli.operator import Operator, an_act
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, say, show, table
from app.config.document import read_document
from app.config.settings import read_settings
from app.config.validate import validate
from app.kit import durations
from app.kit.errors import BridgeError
from app.outbox import Act, ActKind, Ages, Backlog, Outbox, Past, Size, TableSize, store_place

database = typer.Typer(help="The store.", no_args_is_help=True)
_EVENTS_AT_ONCE = 200
_KEYS_AT_ONCE = 1000
_PAGES_AT_ONCE = 500

OlderThan = Annotated[
    str | None,
    typer.Option(help="such as 30d; absent: as `retention` of the configuration states"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only count what would go")]


class NotAnAge(BridgeError):
    slug = "configuration"


@database.callback()
def _group() -> None:
    """The store."""


@database.command()
def upgrade() -> None:
    """Bring the tables to this version. `bridge serve` does the same at its start."""

    async def opened(outbox: Outbox) -> None:
        await outbox.probe()

    with_store(opened, makes=True)
    say(f"the tables are up to date: {store_place(read_settings().database_url)}")


@database.command()
def purge(
    *,
    older_than: OlderThan = None,
    dead_older_than: OlderThan = None,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask, as at a terminal")] = False,
    operator: Operator = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Let go of what is past, now: events with their deliveries and attempts, and deduplication
    keys: who calls again with such a key starts anew. What is not delivered yet stays. A running
    bridge does the same by itself.

    Exit status 1 when there was nothing.
    """
    ages = _ages(older_than, dead_older_than, config)
    act = an_act(ActKind.PURGE, operator)
    asks = sys.stdin.isatty() and not yes and not dry_run

    async def run(outbox: Outbox) -> Past:
        found = await outbox.past(ages)
        if asks and (found.events or found.keys):
            what = f"{found.events} events and {found.keys} deduplication keys"
            await asyncio.to_thread(typer.confirm, f"let go of {what} for good?", abort=True)
        if not dry_run:
            return replace(found, events=await _purge(outbox, ages, act))
        return found

    found = with_store(run)
    if json:
        as_json({"events": found.events, "kept": found.kept, "keys": found.keys})
    else:
        word = "would go" if dry_run else "gone"
        say(f"{found.events} events {word}, {found.keys} deduplication keys")
        say(f"{found.kept} older ones stay: they wait, or are dead letters for a person to see")
    if not found.events and not found.keys:
        raise typer.Exit(Exit.NO)


async def _purge(outbox: Outbox, ages: Ages, act: Act) -> int:
    count, step = 0, await outbox.purge(ages, None, limit=_EVENTS_AT_ONCE)
    count += step.events
    while step.after is not None:
        step = await outbox.purge(ages, step.after, limit=_EVENTS_AT_ONCE)
        count += step.events
    while await outbox.purge_keys(ages, limit=_KEYS_AT_ONCE):
        pass
    while await outbox.shrink(pages=_PAGES_AT_ONCE):
        pass
    told = {"events_older_than_s": ages.events_s, "dead_older_than_s": ages.dead_s}
    await outbox.record(replace(act, subject=told), count)
    return count


@database.command()
def stats(*, json: AsJson = False) -> None:
    """How much the store holds, and what waits in it."""

    async def look(outbox: Outbox) -> tuple[Size, list[Backlog], datetime | None]:
        return await outbox.size(), await outbox.backlog(), await outbox.oldest()

    size, backlog, oldest = with_store(look)
    if json:
        as_json({"size": size, "backlog": backlog, "oldest_event_at": oldest})
        return
    free = "" if size.free_bytes is None else f", {decimal(size.free_bytes)} of it free"
    say(f"{size.engine}: {decimal(size.total_bytes)}{free}")
    say(f"the oldest event: {oldest.isoformat(timespec='seconds') if oldest else 'none'}")
    sizes = ((t.name, _rows(t), _text(t.size_bytes)) for t in size.tables)
    show(table(("table", "rows", "size"), sizes))
    waiting = ((b.destination, b.state.value, b.count, b.oldest_at) for b in backlog)
    show(table(("destination", "state", "waiting", "since"), waiting))


def _ages(older_than: str | None, dead_older_than: str | None, config: ConfigFile) -> Ages:
    if older_than is not None and dead_older_than is not None:
        return Ages(_age(older_than, "--older-than"), _age(dead_older_than, "--dead-older-than"))
    path = config or read_settings().config
    stated = validate(read_document(path)).retention
    return Ages(
        events_s=stated.events if older_than is None else _age(older_than, "--older-than"),
        dead_s=stated.dead
        if dead_older_than is None
        else _age(dead_older_than, "--dead-older-than"),
    )


def _age(text: str, option: str) -> float:
    try:
        return durations.seconds(text)
    except ValueError as error:
        raise NotAnAge(f"{option}: {error}") from None


def _rows(table: TableSize) -> str:
    return f"about {table.count}" if table.is_estimate else str(table.count)


def _text(size_bytes: int | None) -> str:
    return "" if size_bytes is None else decimal(size_bytes)
