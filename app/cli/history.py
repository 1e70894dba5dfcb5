"""`bridge events ...` and `bridge deliveries ...`: what came in, and what became of it."""

from dataclasses import replace
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from app.cli.exits import Exit
from app.cli.masking import shown_match
from app.cli.shapes import attempt_shape, delivery_shape, event_shape
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, complain, pairs, say, show, table
from app.kit.clock import SystemClock
from app.kit.ids import new_id
from app.model.delivery import Attempt, Delivery, DeliveryId, DeliveryState
from app.model.event import Event, EventId, EventStatus
from app.outbox import DeliveryFilter, EventFilter, Outbox

events = typer.Typer(help="Calls as they came in.", no_args_is_help=True)
deliveries = typer.Typer(help="Scenario starts on their way.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(min=1, max=1000, help="rows at most")]
Source = Annotated[str | None, typer.Option(help="of this source only")]
Before = Annotated[str | None, typer.Option(help="older than this id: the next page")]
Reveal = Annotated[bool, typer.Option("--reveal", help="show personal data, too")]


@events.command("list")
def list_events(
    *,
    source: Source = None,
    status: Annotated[EventStatus | None, typer.Option(help="accepted or ignored")] = None,
    before: Before = None,
    limit: Limit = 20,
    json: AsJson = False,
) -> None:
    """The newest first. Exit status 1 when there are none."""
    wanted = EventFilter(source=source, status=status, before=EventId(before) if before else None)
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
        show(_delivery_table(made))


@deliveries.command("list")
def list_deliveries(
    *,
    source: Source = None,
    rule: Annotated[str | None, typer.Option(help="of this rule only")] = None,
    state: Annotated[DeliveryState | None, typer.Option(help="in this state only")] = None,
    before: Before = None,
    limit: Limit = 20,
    json: AsJson = False,
) -> None:
    """The newest first. Exit status 1 when there are none."""
    last = DeliveryId(before) if before else None
    wanted = DeliveryFilter(source=source, rule=rule, state=state, before=last)
    found = with_store(lambda outbox: outbox.deliveries(wanted, limit=limit))
    if json:
        as_json([delivery_shape(delivery, reveal=False) for delivery in found])
    else:
        show(_delivery_table(found))
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


@deliveries.command("replay")
def replay(
    delivery_id: Annotated[str, typer.Argument(metavar="ID")], *, json: AsJson = False
) -> None:
    """Send a finished delivery again, as a new one, with the stored request.

    A running bridge on the same store takes it up. Exit status 1 when it is not finished.
    """

    async def again(outbox: Outbox) -> Delivery | None:
        old = await outbox.delivery(DeliveryId(delivery_id))
        if old is None or old.state not in (DeliveryState.DONE, DeliveryState.DEAD):
            return old
        fresh = _repeated(old)
        await outbox.add([fresh])
        return fresh

    found = with_store(again)
    if found is None:
        _missing("delivery", delivery_id)
    if found.id == delivery_id:
        complain(f"delivery {delivery_id} is {found.state.value}: it is still on its way")
        raise typer.Exit(Exit.NO)
    if json:
        as_json(delivery_shape(found, reveal=False))
    else:
        say(f"delivery {found.id} repeats {delivery_id}")


def _repeated(old: Delivery) -> Delivery:
    now = SystemClock().now()
    return replace(
        old,
        id=DeliveryId(new_id()),
        state=DeliveryState.PENDING,
        match_index=0,
        attempts=0,
        created_at=now,
        next_attempt_at=now,
        lease_owner=None,
        lease_until=None,
        outcome=None,
        reason=None,
        finished_at=None,
        replay_of=old.id,
    )


def _delivery_table(found: list[Delivery]) -> Table:
    rows = (
        (d.id, d.created_at, d.start.rule, d.start.scenario, d.state, d.attempts, d.outcome)
        for d in found
    )
    columns = ("delivery", "made (UTC)", "rule", "scenario", "state", "attempts", "outcome")
    return table(columns, rows)


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
