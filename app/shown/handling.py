"""How a start is treated on its way, in words."""

from collections.abc import Iterator

from app.kit.durations import duration_text
from app.model.handling import Handling, Priority


def handling_words(handling: Handling) -> list[str]:
    """A line for each that is not the usual; none for most."""
    return [*_turn(handling), *_time(handling), *_company(handling)]


def _turn(handling: Handling) -> Iterator[str]:
    if handling.priority is not Priority.NORMAL:
        yield f"priority {handling.priority.name.lower()}"
    if handling.order is not None:
        yield f"in order, waits for {duration_text(handling.order.wait_s)} at most"


def _time(handling: Handling) -> Iterator[str]:
    if handling.not_before is not None:
        yield f"not before {handling.not_before:%Y-%m-%d %H:%M:%S} UTC"
    if (quiet := handling.quiet_hours) is not None:
        yield f"not from {_hour(quiet.from_min)} to {_hour(quiet.to_min)} in {quiet.zone}"
    if handling.expires_at is not None:
        yield f"expires {handling.expires_at:%Y-%m-%d %H:%M:%S} UTC"


def _company(handling: Handling) -> Iterator[str]:
    if (most := handling.at_most) is not None:
        yield f"at most {most.count} per {duration_text(most.window_s)} and person"
    if (burst := handling.burst) is not None:
        yield f"the last of a burst, {duration_text(burst.quiet_s)} after it"
    if (batch := handling.batch) is not None:
        yield f"up to {batch.size} in a request{' as a task' if batch.as_task else ''}"


def _hour(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
