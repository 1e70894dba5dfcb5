"""Faults on demand: what a platform or the way to it does on a bad day."""

from collections.abc import Sequence
from enum import StrEnum
from random import Random

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.kit.clock import Clock


class FaultKind(StrEnum):
    DELAY = "delay"
    REFUSE = "refuse"
    CUT_AFTER_READING = "cut_after_reading"
    CUT_IN_REPLY = "cut_in_reply"
    HTTP_STATUS = "http_status"
    HTML = "html"
    ERROR = "error"
    RATE_LIMIT = "rate_limit"
    REFUSE_BATCH = "refuse_batch"
    SHORT_LIST = "short_list"


_CUTS = (FaultKind.CUT_AFTER_READING, FaultKind.CUT_IN_REPLY)


class Fault(BaseModel):
    """`times`: how many requests it hits, none: until it is taken away. `probability`: of each
    request. `scenario`, `method` (`workflows/start`): only requests with these. `started`:
    whether a scenario starts all the same; when not said, it does where the connection is cut
    and does not where something else is answered. `seconds`: how long a delay is.
    `retry_after`: of a status or a rate limit, in seconds. `burst`: how many requests a rate
    limit lets through at once, when not said those of a second."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    times: int | None = Field(None, ge=1)
    probability: float = Field(1.0, gt=0, le=1)
    scenario: int | None = None
    method: str | None = None
    seconds: float = Field(1.0, ge=0, le=3600)
    status: int = Field(500, ge=200, le=599)
    body: str = ""
    code: int = Field(400, ge=1)
    text: str = "Incorrect request"
    started: bool | None = None
    per_second: float = Field(10.0, gt=0)
    burst: int | None = Field(None, ge=1)
    retry_after: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _is_decidable(self) -> "Fault":
        if self.kind is FaultKind.REFUSE and self.scenario is not None:
            raise ValueError("refuse reads no body, so it can't be limited to a scenario")
        return self

    @property
    def is_cut(self) -> bool:
        return self.kind in _CUTS

    @property
    def starts(self) -> bool:
        is_after = self.is_cut or self.kind is FaultKind.SHORT_LIST
        return is_after if self.started is None else self.started


class _InForce:
    """A fault, and how much of it is left."""

    __slots__ = ("_allowance", "_asked_at", "_most", "fault", "left")

    def __init__(self, fault: Fault, now: float) -> None:
        self.fault = fault
        self.left = fault.times
        self._most = float(fault.burst or max(1.0, fault.per_second))
        self._allowance = self._most
        self._asked_at = now

    def is_too_fast(self, now: float) -> bool:
        grown = self._allowance + (now - self._asked_at) * self.fault.per_second
        self._allowance, self._asked_at = min(self._most, grown), now
        if self._allowance < 1:
            return True
        self._allowance -= 1
        return False


class Faults:
    """The faults in force. Chance is seeded, so that a run can be repeated."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng
        self._all: list[_InForce] = []

    @property
    def in_force(self) -> Sequence[Fault]:
        """`times` is what is left of it."""
        return tuple(one.fault.model_copy(update={"times": one.left}) for one in self._all)

    def put(self, faults: Sequence[Fault]) -> None:
        """These and no others."""
        self._all.clear()
        self.add(*faults)

    def add(self, *faults: Fault) -> None:
        """After those in force: of two that could hit a request, the earlier does."""
        now = self._clock.monotonic()
        self._all.extend(_InForce(fault, now) for fault in faults)

    def refusal(self, method: str) -> Fault | None:
        """The fault by which a request is not even read."""
        for one in self._all:
            is_refusal = one.fault.kind is FaultKind.REFUSE
            if is_refusal and self._hits(one, method, None):
                return self._taken(one)
        return None

    def next(self, method: str, scenario: int | None) -> list[Fault]:
        """What befalls a request that was read: every delay that holds, and the first of the
        others."""
        found: list[Fault] = []
        has_other = False
        for one in tuple(self._all):
            is_delay = one.fault.kind is FaultKind.DELAY
            if one.fault.kind is FaultKind.REFUSE or (has_other and not is_delay):
                continue
            if self._hits(one, method, scenario):
                found.append(self._taken(one))
                has_other = has_other or not is_delay
        return found

    def _hits(self, one: _InForce, method: str, scenario: int | None) -> bool:
        fault = one.fault
        if fault.scenario not in (None, scenario) or fault.method not in (None, method):
            return False
        if fault.probability < 1 and self._rng.random() >= fault.probability:
            return False
        is_pace = fault.kind is FaultKind.RATE_LIMIT
        return one.is_too_fast(self._clock.monotonic()) if is_pace else True

    def _taken(self, one: _InForce) -> Fault:
        if one.left is not None:
            one.left -= 1
            if one.left == 0:
                self._all.remove(one)
        return one.fault
