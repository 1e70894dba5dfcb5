"""Which events and deliveries a command is about."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, TypeAlias

import typer

from app import lookup
from app.kit.clock import SystemClock
from app.model.delivery import DeliveryState
from app.model.event import EventStatus
from app.model.start import Target
from app.outbox import DeliveryFilter, EventFilter, Outbox, PersonName

Limit = Annotated[int, typer.Option(min=1, max=1000, help="rows at most")]
Source = Annotated[str | None, typer.Option(help="of this source only")]
Before = Annotated[str | None, typer.Option(help="older than this id: the next page")]
Since = Annotated[
    str | None, typer.Option(help="not before: 2026-01-31T10:00:00Z, or an age such as 2h")
]
Until = Annotated[str | None, typer.Option(help="before: an instant, or an age such as 10m")]
Status = Annotated[EventStatus | None, typer.Option(help="accepted or ignored")]
Reveal = Annotated[bool, typer.Option("--reveal", help="show personal data, too")]
Wanted: TypeAlias = Callable[[Outbox], DeliveryFilter]


def _options(
    *,
    source: Source = None,
    rule: Annotated[str | None, typer.Option(help="of this rule only")] = None,
    destination: Annotated[str | None, typer.Option(help="to this destination only")] = None,
    target: Annotated[Target | None, typer.Option(help="scenario or trigger")] = None,
    scenario: Annotated[int | None, typer.Option(help="to the target of this number only")] = None,
    problem: Annotated[
        str | None, typer.Option(help="dead letters of this problem, not replayed")
    ] = None,
    state: Annotated[DeliveryState | None, typer.Option(help="in this state only")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="that ended so: an outcome, expired, cancelled ...")
    ] = None,
    since: Since = None,
    until: Until = None,
    email: Annotated[str | None, typer.Option(help="of the person with this e-mail")] = None,
    phone: Annotated[str | None, typer.Option(help="of the person with this phone")] = None,
    crm_id: Annotated[str | None, typer.Option(help="of the person with this CRM_ID")] = None,
    profile_id: Annotated[str | None, typer.Option(help="of the person with this id")] = None,
    replayed: Annotated[
        bool | None,
        typer.Option("--replayed/--not-replayed", help="whether another took its place"),
    ] = None,
    act: Annotated[str | None, typer.Option(help="made by this act of an operator")] = None,
) -> Wanted:
    """What may be said of the deliveries that a command is about."""
    wanted = DeliveryFilter(
        source=source,
        rule=rule,
        destination=destination,
        target=target,
        scenario=scenario,
        cause=lookup.cause("--problem", problem),
        state=state,
        outcome=lookup.outcome("--outcome", outcome),
        since=_instant("--since", since),
        until=_instant("--until", until),
        is_replayed=replayed,
        act_id=act,
    )
    named = named_people(email=email, phone=phone, profile_id=profile_id, crm_id=crm_id)

    def of(outbox: Outbox) -> DeliveryFilter:
        return replace(wanted, people=tuple(outbox.person(name) for name in named))

    return of


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """The command gets what its filter options say as its first argument."""

    @wraps(command)
    def run(*arguments: Any, **given: Any) -> None:
        chosen = {name: given.pop(name) for name in _FILTERS}
        command(*arguments, wanted=_options(**chosen), **given)

    own = [p for p in inspect.signature(command).parameters.values() if p.name != "wanted"]
    run.__signature__ = inspect.Signature([*own, *_FILTERS.values()])  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {p.name: p.annotation for p in (*own, *_FILTERS.values())}
    return run


_FILTERS = dict(inspect.signature(_options, eval_str=True).parameters)


def event_filter(
    source: str | None, status: EventStatus | None, since: str | None, until: str | None
) -> EventFilter:
    return EventFilter(
        source=source,
        status=status,
        since=_instant("--since", since),
        until=_instant("--until", until),
    )


def named_people(**given: str | None) -> tuple[PersonName, ...]:
    """Raises NotUnderstood."""
    return lookup.people(given)


def _instant(option: str, text: str | None) -> datetime | None:
    return lookup.instant(option, text, SystemClock())
