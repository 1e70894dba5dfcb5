"""What operators look for, from the words in which they write it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.expressions.functions import NotNormal
from app.expressions.functions import email as normal_email
from app.expressions.functions import phone as normal_phone
from app.kit import durations
from app.kit.clock import Clock
from app.kit.errors import BridgeError
from app.model.delivery import DeliveryId, Ending, ending_or_outcome
from app.model.outcome import OutcomeKind
from app.model.problem import Cause, cause_of
from app.outbox import Act, DeliveryFilter, PersonName, place_of


class NotUnderstood(BridgeError):
    """What is asked for can't be; `name` is that of the option or parameter. The text holds no
    value of a person."""

    slug = "invalid"

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name}: {why}")


def instant(name: str, text: str | None, clock: Clock) -> datetime | None:
    """An instant, or an age such as `2h`. Raises NotUnderstood."""
    if text is None:
        return None
    if re.match(r"[0-9.]+(ms|s|m|h|d)", text):
        try:
            return clock.now() - timedelta(seconds=durations.seconds(text))
        except ValueError as error:
            raise NotUnderstood(name, str(error)) from None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        expected = "2026-01-31T10:00:00Z, or an age such as 2h"
        raise NotUnderstood(name, f"expected an instant such as {expected}") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def outcome(name: str, text: str | None) -> OutcomeKind | Ending | None:
    """Raises NotUnderstood."""
    if text is None:
        return None
    try:
        return ending_or_outcome(text)
    except ValueError:
        known = ", ".join([*OutcomeKind, *Ending])
        raise NotUnderstood(name, f'there is no "{text}"; known: {known}') from None


def cause(name: str, text: str | None) -> Cause | None:
    """Of a problem. Raises NotUnderstood."""
    try:
        return None if text is None else cause_of(text)
    except ValueError as error:
        raise NotUnderstood(name, str(error)) from None


def place(name: str, text: str | None) -> str | None:
    """Where a page of problems begins. Raises NotUnderstood."""
    if text is None:
        return None
    try:
        place_of(text)
    except ValueError:
        raise NotUnderstood(name, "expected the `next` of the page before") from None
    return text


def per_second(name: str, text: str | None) -> float | None:
    """Raises NotUnderstood."""
    try:
        return None if text is None else durations.per_second(text)
    except ValueError as error:
        raise NotUnderstood(name, str(error)) from None


def people(given: Mapping[str, str | None]) -> tuple[PersonName, ...]:
    """As calls and deliveries name a person, of `email`, `phone`, `profile_id` and `crm_id`.

    Raises NotUnderstood, which names no value.
    """
    return tuple(_named(name, value.strip()) for name, value in given.items() if value is not None)


def _named(name: str, value: str) -> PersonName:
    try:
        return _normal(name, value)
    except NotNormal as error:
        raise NotUnderstood(name, f"the value {error}") from None


def _normal(name: str, value: str) -> PersonName:
    match name:
        case "email":
            return PersonName("email", normal_email(value).lower())
        case "phone":
            return PersonName("phone", normal_phone(value, None))
        case "crm_id":
            return PersonName("custom", value, "CRM_ID")
        case _:
            return PersonName(name, value.lower())


def is_empty(wanted: DeliveryFilter) -> bool:
    """Whether it is about all there is."""
    return wanted == DeliveryFilter()


def only(ids: list[str]) -> DeliveryFilter:
    return DeliveryFilter(ids=tuple(DeliveryId(one) for one in ids))


def told(act: Act, wanted: DeliveryFilter, **more: str) -> Act:
    """With what was asked for; of people only that somebody was named."""
    asked: dict[str, object] = {
        name: value
        for name in DeliveryFilter.__slots__
        if (value := getattr(wanted, name)) not in (None, ()) and name != "people"
    }
    if wanted.people:
        asked["person"] = "named"
    if wanted.cause is not None:
        asked["problem"] = asked.pop("cause")
    subject = {
        name: [*map(str, value)] if isinstance(value, tuple) else str(value)
        for name, value in {**asked, **more}.items()
    }
    return replace(act, subject=subject)
