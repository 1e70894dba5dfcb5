"""Whether a destination takes starts, and why not."""

from pydantic import BaseModel

from app.outbox import Pause, Stoppage


class DestinationState(BaseModel):
    """`state`: `open`; `stopped` by what it answered, until a probe succeeds; `paused` by an
    operator."""

    state: str
    cause: str | None = None
    since: str | None = None
    next_probe_at: str | None = None


def state_of(stoppage: Stoppage | None, pause: Pause | None) -> DestinationState:
    if pause is not None:
        return DestinationState(state="paused", cause=pause.reason, since=pause.since.isoformat())
    if stoppage is not None:
        return DestinationState(
            state="stopped",
            cause=stoppage.cause,
            since=stoppage.since.isoformat(),
            next_probe_at=stoppage.probe_at.isoformat(),
        )
    return DestinationState(state="open")
