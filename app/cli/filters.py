"""Which events and deliveries a command is about."""

import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Annotated, Any, TypeAlias

import typer

from app.expressions.functions import NotNormal
from app.expressions.functions import email as normal_email
from app.expressions.functions import phone as normal_phone
from app.kit import durations
from app.kit.clock import SystemClock
from app.kit.errors import BridgeError
from app.model.delivery import DeliveryId, DeliveryState, Ending, ending_or_outcome
from app.model.event import EventStatus
from app.model.outcome import OutcomeKind
from app.outbox import DeliveryFilter, EventFilter, Outbox

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


class NotAFilter(BridgeError):
    slug = "configuration"


def _options(
    *,
    source: Source = None,
    rule: Annotated[str | None, typer.Option(help="of this rule only")] = None,
    destination: Annotated[str | None, typer.Option(help="to this destination only")] = None,
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
        state=state,
        outcome=_outcome(outcome),
        since=_instant("--since", since),
        until=_instant("--until", until),
        is_replayed=replayed,
        act_id=act,
    )
    person = {"email": email, "phone": phone, "profile_id": profile_id, "crm_id": crm_id}
    named = _named({name: value for name, value in person.items() if value is not None})

    def of(outbox: Outbox) -> DeliveryFilter:
        people = tuple(outbox.person(*name) for name in named)
        return DeliveryFilter(**{**_values(wanted), "people": people})

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


def is_empty(wanted: DeliveryFilter) -> bool:
    """Whether it is about all there is."""
    return wanted == DeliveryFilter()


def only(ids: list[str]) -> DeliveryFilter:
    return DeliveryFilter(ids=tuple(DeliveryId(one) for one in ids))


def _values(wanted: DeliveryFilter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in DeliveryFilter.__slots__}


def _outcome(text: str | None) -> OutcomeKind | Ending | None:
    if text is None:
        return None
    try:
        return ending_or_outcome(text)
    except ValueError:
        known = ", ".join([*OutcomeKind, *Ending])
        raise NotAFilter(f'--outcome: there is no "{text}"; known: {known}') from None


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    if re.match(r"[0-9.]+(ms|s|m|h|d)", text):
        try:
            return SystemClock().now() - timedelta(seconds=durations.seconds(text))
        except ValueError as error:
            raise NotAFilter(f"{option}: {error}") from None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        expected = "2026-01-31T10:00:00Z, or an age such as 2h"
        raise NotAFilter(f"{option}: expected an instant such as {expected}") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _named(person: dict[str, str]) -> list[tuple[str, str, str]]:
    """As deliveries name a person: mode, normal value, field."""
    try:
        return [_normal(name, value.strip()) for name, value in person.items()]
    except NotNormal as error:
        raise NotAFilter(f"--{next(iter(person)).replace('_', '-')}: the value {error}") from None


def _normal(name: str, value: str) -> tuple[str, str, str]:
    match name:
        case "email":
            return "email", normal_email(value).lower(), ""
        case "phone":
            return "phone", normal_phone(value, None), ""
        case "crm_id":
            return "custom", value, "CRM_ID"
        case _:
            return name, value.lower(), ""
