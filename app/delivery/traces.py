"""What delivery needs of tracing."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.model.delivery import Delivery
from app.model.outcome import Outcome


class AttemptSpan(Protocol):
    """`headers` go with the request."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def end(self, outcomes: Sequence[Outcome]) -> None: ...


class Traces(Protocol):
    def begin(self, destination: str, group: Sequence[Delivery]) -> AttemptSpan | None:
        """`group` shares one request. None where it belongs to no trace."""
        ...


class NoTraces:
    def begin(self, destination: str, group: Sequence[Delivery]) -> None:
        return None


NO_TRACES = NoTraces()
NO_HEADERS: Mapping[str, str] = {}


def trace_of(delivery: Delivery) -> Mapping[str, str]:
    """What a line of the log says of it."""
    return {} if delivery.trace is None else {"trace_id": delivery.trace.trace_id}
