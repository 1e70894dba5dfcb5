"""Flows: what of a destination's deliveries is served in turns."""

from app.model.delivery import Delivery
from app.model.handling import Priority

_NUMBERS = {one: str(one.value) for one in Priority}


def flow_of(delivery: Delivery) -> str:
    """`1/crm`: the priority and the source. Those that may share a request are a flow of their
    own, with what they must have in common and how many at most: `1/crm/scenario 3 i/500`."""
    handling = delivery.start.handling
    plain = f"{_NUMBERS[handling.priority]}/{delivery.source}"
    if handling.batch is None or delivery.batch_size < 2:
        return plain
    common = [delivery.start.target.value, str(delivery.start.scenario)]
    common += ["i"] if delivery.imports else []
    common += ["t"] if handling.batch.as_task else []
    return f"{plain}/{' '.join(common)}/{delivery.batch_size}"


def source_of(flow: str) -> str:
    return flow.split("/")[1] if "/" in flow else ""


def priority_of(flow: str) -> Priority:
    number = flow.partition("/")[0]
    return Priority(int(number)) if number.isdecimal() else Priority.NORMAL


def batch_size_of(flow: str) -> int:
    """How many deliveries of it share a request at most."""
    parts = flow.split("/")
    return int(parts[3]) if len(parts) == 4 else 1
