"""`bridge events ...` and `bridge deliveries ...`: what came in, and what became of it."""

from dataclasses import replace
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from app.cli.exits import Exit
from app.cli.filters import (
    Before,
    Limit,
    Reveal,
    Since,
    Source,
    Status,
    Until,
    Wanted,
    event_filter,
    filtered,
)
from app.cli.shapes import attempt_shape, delivery_shape, event_shape
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, complain, pairs, say, show, table
from app.model.delivery import Attempt, Delivery, DeliveryId
from app.model.event import Event, EventId
from app.outbox import DeliveryFilter, Outbox
from app.shown.masking import shown_match

events = typer.Typer(help="Calls as they came in.", no_args_is_help=True)
deliveries = typer.Typer(help="Scenario starts on their way.", no_args_is_help=True)


@events.command("list")
def list_events(
    *,
    source: Source = None,
    status: Status = None,
    since: Since = None,
    until: Until = None,
    before: Before = None,
    limit: Limit = 20,
    json: AsJson = False,
) -> None:
    """The newest first. Exit status 1 when there are none."""
    last = EventId(before) if before else None
    wanted = replace(event_filter(source, status, since, until), before=last)
    found = with_store(lambda outbox: outbox.events(wanted, limit=limit))
    if json:
        as_json([event_shape(event, reveal=False, whole=False) for event in found])
    else:
        rows = ((e.id, e.received_at, e.source, e.method, e.status, e.reason) for e in found)
        show(table(("event", "received (UTC)", "source", "method", "status", "reason"), rows))
    _none_is_no(found)


@events.command("show")
def show_event(
    event_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    reveal: Reveal = False,
    json: AsJson = False,
) -> None:
    """One call and the deliveries made of it."""

    async def look(outbox: Outbox) -> tuple[Event | None, list[Delivery]]:
        wanted = DeliveryFilter(event_id=EventId(event_id))
        return await outbox.event(EventId(event_id)), await outbox.deliveries(wanted, limit=1000)

    event, made = with_store(look)
    if event is None:
        _missing("event", event_id)
    shape = event_shape(event, reveal=reveal, whole=True)
    if json:
        as_json({**shape, "deliveries": [delivery_shape(d, reveal=reveal) for d in made]})
        return
    show(pairs(shape))
    if made:
        say()
        show(delivery_table(made))


@deliveries.command("list")
@filtered
def list_deliveries(
    wanted: Wanted,
    *,
    before: Before = None,
    limit: Limit = 20,
    json: AsJson = False,
) -> None:
    """The newest first. Exit status 1 when there are none."""
    last = DeliveryId(before) if before else None

    async def look(outbox: Outbox) -> list[Delivery]:
        return await outbox.deliveries(replace(wanted(outbox), before=last), limit=limit)

    found = with_store(look)
    if json:
        as_json([delivery_shape(delivery, reveal=False) for delivery in found])
    else:
        show(delivery_table(found))
    _none_is_no(found)


@deliveries.command("show")
def show_delivery(
    delivery_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    reveal: Reveal = False,
    json: AsJson = False,
) -> None:
    """One delivery with each attempt."""

    async def look(outbox: Outbox) -> tuple[Delivery | None, list[Attempt]]:
        return await outbox.delivery(DeliveryId(delivery_id)), await outbox.attempts(
            DeliveryId(delivery_id)
        )

    delivery, attempts = with_store(look)
    if delivery is None:
        _missing("delivery", delivery_id)
    shape = delivery_shape(delivery, reveal=reveal)
    if json:
        as_json({**shape, "attempts_made": [attempt_shape(attempt) for attempt in attempts]})
        return
    show(pairs({**shape, "matches": _matches(delivery, reveal=reveal)}))
    say()
    show(_attempt_table(attempts))


def delivery_table(found: list[Delivery]) -> Table:
    rows = (
        (d.id, d.created_at, d.start.rule, _target(d), d.state, d.attempts, d.outcome, d.reason)
        for d in found
    )
    columns = ("delivery", "made (UTC)", "rule", "starts", "state", "attempts", "outcome", "why")
    return table(columns, rows)


def _target(delivery: Delivery) -> str:
    return f"{delivery.start.target} {delivery.start.scenario}"


def _attempt_table(attempts: list[Attempt]) -> Table:
    columns = ("at (UTC)", "ms", "match", "outcome", "http", "error", "in doubt", "text")
    rows = (
        (
            a.at,
            a.duration_ms,
            a.match_index,
            a.outcome,
            a.http_status,
            a.altcraft_error,
            "yes" if a.in_doubt else "",
            a.error_text,
        )
        for a in attempts
    )
    return table(columns, rows)


def _matches(delivery: Delivery, *, reveal: bool) -> str:
    return "; ".join(shown_match(match, reveal=reveal) for match in delivery.start.matches)


def _none_is_no(found: list[Event] | list[Delivery]) -> None:
    if not found:
        complain("none")
        raise typer.Exit(Exit.NO)


def _missing(kind: str, wanted: str) -> NoReturn:
    complain(f"there is no {kind} {wanted}")
    raise typer.Exit(Exit.NO)
