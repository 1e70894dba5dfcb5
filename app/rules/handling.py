"""How the starts of a rule are to be treated, made of what the call says."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.expressions import Expression, ExpressionFailed
from app.model.handling import AtMost, Batch, Burst, Handling, Order, Priority, QuietHours
from app.model.json import Json
from app.model.start import Match

_LONGEST = timedelta(days=3650)
_LEAST_SECONDS = 946_684_800  # the year 2000: what is less counts something else


@dataclass(frozen=True, slots=True)
class CompiledQuiet:
    from_min: int
    to_min: int
    zone: str
    zone_of: Expression | None


@dataclass(frozen=True, slots=True)
class CompiledBurst:
    quiet_s: float
    longest_s: float
    by: Expression | None


@dataclass(frozen=True, slots=True)
class CompiledHandling:
    """As the rule has it; None: nothing of the kind."""

    priority: Priority
    order_by: Expression | None
    order_wait_s: float
    delay_s: float
    not_before: Expression | None
    quiet: CompiledQuiet | None
    expires_s: float | None
    at_most: tuple[int, float] | None
    burst: CompiledBurst | None
    batch: Batch | None

    def expressions(self) -> Iterator[Expression]:
        given = (
            self.order_by,
            self.not_before,
            self.quiet.zone_of if self.quiet else None,
            self.burst.by if self.burst else None,
        )
        yield from (one for one in given if one is not None)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose handling it is: a rule's start of `target` for the person of `matches`."""

    rule: str
    destination: str
    target: str
    matches: Sequence[Match]
    received: datetime


Evaluate = Callable[[Expression], Json]


def handling_of(
    compiled: CompiledHandling, whose: Whose, evaluate: Evaluate, note: Callable[[str], None]
) -> Handling:
    """What can't be made out for this call and is dispensable is left out with a note; raises
    ExpressionFailed for an instant that can't, because too early is as wrong as too late."""
    return Handling(
        priority=compiled.priority,
        not_before=_not_before(compiled, whose, evaluate),
        expires_at=_expires_at(compiled, whose),
        quiet_hours=_quiet(compiled.quiet, evaluate, note) if compiled.quiet else None,
        order=_order(compiled, whose, evaluate, note),
        at_most=_at_most(compiled, whose),
        burst=_burst(compiled.burst, whose, evaluate, note) if compiled.burst else None,
        batch=compiled.batch,
    )


def _not_before(compiled: CompiledHandling, whose: Whose, evaluate: Evaluate) -> datetime | None:
    found = []
    if compiled.delay_s:
        found.append(whose.received + timedelta(seconds=compiled.delay_s))
    if compiled.not_before is not None:
        try:
            found.append(_instant(evaluate(compiled.not_before), whose.received + _LONGEST))
        except ExpressionFailed as error:
            raise ExpressionFailed(f"not_before {compiled.not_before.text}: {error}") from None
    return max(found, default=None)


def _instant(given: Json, last: datetime) -> datetime:
    at = _read_instant(given)
    if at is None:
        expected = "RFC 3339 with an offset from UTC, or seconds since 1970"
        raise ExpressionFailed(f"is no instant: expected {expected}")
    if at > last:
        raise ExpressionFailed("is more than 3650 days ahead")
    return at


def _read_instant(given: Json) -> datetime | None:
    try:
        if isinstance(given, str):
            at = datetime.fromisoformat(given.strip())
            return at.astimezone(UTC) if at.tzinfo is not None else None
        if isinstance(given, bool) or not isinstance(given, int | float):
            return None
        return datetime.fromtimestamp(given, UTC) if given >= _LEAST_SECONDS else None
    except (ValueError, OverflowError, OSError):
        return None


def _expires_at(compiled: CompiledHandling, whose: Whose) -> datetime | None:
    if compiled.expires_s is None:
        return None
    return whose.received + timedelta(seconds=compiled.expires_s)


def _quiet(compiled: CompiledQuiet, evaluate: Evaluate, note: Callable[[str], None]) -> QuietHours:
    zone = compiled.zone
    if compiled.zone_of is not None:
        try:
            zone = _zone(evaluate(compiled.zone_of))
        except ExpressionFailed as error:
            note(f"quiet_hours.zone_of {compiled.zone_of.text}: {error}; {compiled.zone} is taken")
    return QuietHours(compiled.from_min, compiled.to_min, zone)


def _zone(given: Json) -> str:
    try:
        if isinstance(given, str) and given.strip():
            return ZoneInfo(given.strip()).key
    except (KeyError, ValueError, OSError):
        pass
    raise ExpressionFailed("is no time zone such as Europe/Moscow")


def _order(
    compiled: CompiledHandling, whose: Whose, evaluate: Evaluate, note: Callable[[str], None]
) -> Order | None:
    if compiled.order_by is None:
        return None
    try:
        key = _key_of(evaluate(compiled.order_by))
    except ExpressionFailed as error:
        note(f"order_by {compiled.order_by.text}: {error}; it starts without order")
        return None
    return Order(digest("order", whose.destination, key), compiled.order_wait_s)


def _at_most(compiled: CompiledHandling, whose: Whose) -> AtMost | None:
    if compiled.at_most is None:
        return None
    key = digest("at most", whose.destination, whose.target, _person(whose.matches))
    return AtMost(key, *compiled.at_most)


def _burst(
    compiled: CompiledBurst, whose: Whose, evaluate: Evaluate, note: Callable[[str], None]
) -> Burst | None:
    person = _person(whose.matches)
    if compiled.by is not None:
        try:
            person = _key_of(evaluate(compiled.by))
        except ExpressionFailed as error:
            note(f"debounce.by {compiled.by.text}: {error}; it starts by itself")
            return None
    return Burst(digest("burst", whose.rule, person), compiled.quiet_s, compiled.longest_s)


def _key_of(given: Json) -> str:
    match given:
        case None | "":
            raise ExpressionFailed("is empty")
        case bool() | str() | int() | float():
            return str(given)
        case _:
            raise ExpressionFailed("is no text or number")


def _person(matches: Sequence[Match]) -> str:
    """The first way to find the profile names the person: it is the one the rule prefers."""
    first = matches[0]
    return f"{first.matching} {first.field} {first.value}"


def digest(*parts: str) -> str:
    """32 hex characters: short in an index, and no name of anybody."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
