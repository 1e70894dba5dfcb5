"""Keeps events and deliveries, durably. Knows no HTTP."""

from app.outbox.accept import Acceptance, Accepted, Duplicate
from app.outbox.errors import StoreUnavailable
from app.outbox.history import Backlog, DeliveryFilter, EventFilter
from app.outbox.settle import Settlement
from app.outbox.store import Outbox
from app.outbox.writer import WriterLimits

__all__ = [
    "Acceptance",
    "Accepted",
    "Backlog",
    "DeliveryFilter",
    "Duplicate",
    "EventFilter",
    "Outbox",
    "Settlement",
    "StoreUnavailable",
    "WriterLimits",
]
