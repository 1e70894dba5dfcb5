"""What requests say of which events and deliveries they are about."""

from typing import Annotated, Generic, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from app import lookup
from app.desk.desk import Desk
from app.desk.refusals import Invalid
from app.model.delivery import DeliveryState
from app.model.event import EventId, EventStatus
from app.model.start import Target
from app.outbox import DeliveryFilter, EventFilter, PersonName

T = TypeVar("T")
Text = Annotated[str | None, Field(max_length=400)]
_INSTANT = "an instant such as 2026-01-31T10:00:00Z, or an age such as 2h"


class Asked(BaseModel):
    # A misspelt filter must not become one that takes all there is.
    model_config = ConfigDict(extra="forbid")


class Person(Asked):
    """Ways in which a person is named; several: by any of them."""

    email: Text = Field(None, description="of a person")
    phone: Text = Field(None, description="of a person, with the country")
    crm_id: Text = Field(None, description="of a person: the custom field CRM_ID")
    profile_id: Text = Field(None, description="of a person, in Altcraft")
    # No field: what a caller names by it would be anybody.
    _digests: tuple[int, ...] = PrivateAttr(())

    def known_by(self, digests: tuple[int, ...]) -> Self:
        """The same, of a person who was named before (see `digests`)."""
        known = self.model_copy()
        known._digests = digests
        return known

    def names(self) -> tuple[PersonName, ...]:
        """Raises NotUnderstood."""
        names = ("email", "phone", "crm_id", "profile_id")
        return lookup.people({name: getattr(self, name) for name in names})

    def digests(self, desk: Desk) -> tuple[int, ...]:
        return (*self._digests, *(desk.outbox.person(name) for name in self.names()))


class EventsAsked(Person):
    source: Text = None
    status: EventStatus | None = None
    since: Text = Field(None, description=f"received not before: {_INSTANT}")
    until: Text = Field(None, description=f"received before: {_INSTANT}")

    def filter(self, desk: Desk) -> EventFilter:
        """Raises NotUnderstood."""
        return EventFilter(
            source=self.source,
            status=self.status,
            people=self.digests(desk),
            since=lookup.instant("since", self.since, desk.clock),
            until=lookup.instant("until", self.until, desk.clock),
        )


class DeliveriesAsked(Person):
    source: Text = None
    rule: Text = None
    destination: Text = None
    target: Target | None = None
    scenario: int | None = Field(None, ge=-(2**63), lt=2**63, description="number of the target")
    problem: Text = Field(None, description="id of a problem: its dead letters, not replayed")
    state: DeliveryState | None = None
    outcome: Text = Field(None, description="an outcome, or expired, cancelled, ...")
    since: Text = Field(None, description=f"made not before: {_INSTANT}")
    until: Text = Field(None, description=f"made before: {_INSTANT}")
    event: Text = Field(None, description="id of the event it was made of")
    act: Text = Field(None, description="id of the act that made it")
    replayed: bool | None = Field(None, description="whether another took its place")

    def filter(self, desk: Desk) -> DeliveryFilter:
        """Raises NotUnderstood."""
        return DeliveryFilter(
            source=self.source,
            rule=self.rule,
            destination=self.destination,
            target=self.target,
            scenario=self.scenario,
            cause=lookup.cause("problem", self.problem),
            state=self.state,
            outcome=lookup.outcome("outcome", self.outcome),
            event_id=EventId(self.event) if self.event else None,
            act_id=self.act,
            is_replayed=self.replayed,
            people=self.digests(desk),
            since=lookup.instant("since", self.since, desk.clock),
            until=lookup.instant("until", self.until, desk.clock),
        )


class SomeDeliveries(DeliveriesAsked):
    """Of an act: ids, or a filter."""

    ids: list[str] = Field(default_factory=list, max_length=1000)

    def chosen(self, desk: Desk) -> DeliveryFilter:
        """Raises Invalid, NotUnderstood."""
        wanted = self.filter(desk)
        if self.ids and not lookup.is_empty(wanted):
            raise Invalid("name ids or a filter, not both")
        if not self.ids and lookup.is_empty(wanted):
            raise Invalid("name ids, or say which by a filter such as since")
        return lookup.only(self.ids) if self.ids else wanted


class Paged(Asked):
    limit: int = Field(50, ge=1, le=500, description="items at most")
    before: Text = Field(None, description="`next` of the page before")


class EventPage(EventsAsked, Paged):
    pass


class DeliveryPage(DeliveriesAsked, Paged):
    pass


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


WithId = TypeVar("WithId", bound=_WithId)


class Page(BaseModel, Generic[T]):
    """The newest first. `next` is the `before` of the page after this; null: there is none. A page
    may hold fewer than asked for, even none, and have a `next`: a request looks at so many and no
    more."""

    items: list[T]
    next: str | None


def cut(found: list[WithId], limit: int) -> tuple[list[WithId], str | None]:
    """Of one more than asked for: those that were, and where the next page begins."""
    items = found[:limit]
    return items, items[-1].id if len(found) > limit else None
