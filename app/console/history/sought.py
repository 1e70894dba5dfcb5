"""What the lists are asked for: their addresses hold filters, and never a value of a person."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import model_validator

from app.console.pages import address
from app.desk.asked import Asked, DeliveriesAsked, EventsAsked, Text
from app.lookup import NotUnderstood
from app.model.delivery import DeliveryState
from app.model.event import EventStatus

PAGE = 50
_MOST_NAMES = 4
_LARGEST = 2**63


class Sought(Asked):
    """`person`: digests, as `people` makes them. `before`: the last of the page before."""

    source: Text = None
    since: Text = None
    until: Text = None
    person: Text = None
    before: Text = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        """Browsers send the fields that were left empty, too."""
        if isinstance(given, Mapping):
            return {name: value for name, value in given.items() if value != ""}
        return given

    @property
    def words(self) -> dict[str, str]:
        """As in the address, without the page."""
        given = self.model_dump(mode="json", exclude_none=True, exclude={"before"})
        return {name: _word(value) for name, value in given.items()}

    @property
    def digests(self) -> tuple[int, ...]:
        """Raises NotUnderstood."""
        return digests(self.person)


class EventsSought(Sought):
    status: EventStatus | None = None

    def asked(self) -> EventsAsked:
        """Raises NotUnderstood."""
        given = self.model_dump(include=set(EventsAsked.model_fields))
        return EventsAsked(**given).known_by(self.digests)


class DeliveriesSought(Sought):
    rule: Text = None
    destination: Text = None
    problem: Text = None
    state: DeliveryState | None = None
    outcome: Text = None
    event: Text = None
    act: Text = None
    replayed: bool | None = None

    @property
    def filter_words(self) -> dict[str, str]:
        """Of the list alone, whatever else a form holds."""
        return {k: v for k, v in self.words.items() if k in DeliveriesSought.model_fields}

    def named(self) -> dict[str, Any]:
        """What DeliveriesAsked and its kin take."""
        return self.model_dump(include=set(DeliveriesAsked.model_fields))

    def asked(self) -> DeliveriesAsked:
        """Raises NotUnderstood."""
        return DeliveriesAsked(**self.named()).known_by(self.digests)


def digests(text: str | None) -> tuple[int, ...]:
    """Raises NotUnderstood."""
    if text is None:
        return ()
    try:
        found = tuple(int(one) for one in text.split(","))
    except ValueError:
        found = ()
    if not 0 < len(found) <= _MOST_NAMES or any(not -_LARGEST <= n < _LARGEST for n in found):
        raise NotUnderstood("person", "search for the person anew")
    return found


def turned(path: str, words: Mapping[str, str]) -> Callable[..., str]:
    """The address of the same list, with some filters set otherwise; from its first page on."""

    def to(**changes: object) -> str:
        return address(path, **{**words, **changes})

    return to


def options(known: Iterable[str], chosen: str | None) -> list[tuple[str, str]]:
    """For a field to choose from: also what is chosen and no more there."""
    names = list(known)
    if chosen is not None and chosen not in names:
        names.append(chosen)
    return [(name, name) for name in names]


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
