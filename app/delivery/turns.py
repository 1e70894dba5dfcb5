"""Whose turn it is: requests are divided among flows, none of which may starve another."""

import heapq
from collections.abc import Sequence

from app.model.flow import priority_of
from app.model.handling import Priority

_WEIGHT = {Priority.HIGH: 16, Priority.NORMAL: 4, Priority.LOW: 1}


class Turns:
    """Stride scheduling: each request moves its flow on by the inverse of its weight, and the
    flow that is furthest behind is next. A flow that was away joins where the others are: it
    does not make up for what it did not want."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def share(self, flows: Sequence[str], room: int) -> Sequence[tuple[str, int]]:
        """How many of `room` requests each flow may make, at least one altogether."""
        if len(flows) == 1:
            return [(flows[0], room)]
        behind = min((self._at[flow] for flow in flows if flow in self._at), default=0.0)
        self._at = {flow: max(self._at.get(flow, behind), behind) for flow in flows}
        queue = [(self._at[flow], flow) for flow in flows]
        heapq.heapify(queue)
        given: dict[str, int] = {}
        for _ in range(room):
            at, flow = queue[0]
            given[flow] = given.get(flow, 0) + 1
            heapq.heapreplace(queue, (at + 1 / _WEIGHT[priority_of(flow)], flow))
        self._at = {flow: at for at, flow in queue}
        return list(given.items())
