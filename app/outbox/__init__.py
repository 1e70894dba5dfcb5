"""Keeps events and deliveries, durably. Knows no HTTP."""

from app.outbox.accept import Acceptance, Accepted, Duplicate
from app.outbox.acts import Act, ActId, ActKind
from app.outbox.address import is_sqlite, store_place
from app.outbox.claims import Claimed, Share
from app.outbox.errors import StoreUnavailable
from app.outbox.forget import Forgotten
from app.outbox.history import (
    Backlog,
    Count,
    DeliveryFilter,
    EventFilter,
    Pulse,
    RecentCall,
    Started,
)
from app.outbox.notices import Audience, NoticeClaim, Tellable
from app.outbox.operate import Repeat
from app.outbox.pace import Pace
from app.outbox.pauses import Pause, PauseKind
from app.outbox.people import PersonName
from app.outbox.problem_list import ProblemFilter, place, place_of
from app.outbox.reach import CountedDeliveries, Look
from app.outbox.retention import Ages, Past, Purged
from app.outbox.settle import Settlement
from app.outbox.size import Size, TableSize
from app.outbox.stoppages import Stoppage
from app.outbox.store import Outbox
from app.outbox.tally import TalliesAsked
from app.outbox.writer import WriterLimits

__all__ = [
    "Acceptance",
    "Accepted",
    "Act",
    "ActId",
    "ActKind",
    "Ages",
    "Audience",
    "Backlog",
    "Claimed",
    "Count",
    "CountedDeliveries",
    "DeliveryFilter",
    "Duplicate",
    "EventFilter",
    "Forgotten",
    "Look",
    "NoticeClaim",
    "Outbox",
    "Pace",
    "Past",
    "Pause",
    "PauseKind",
    "PersonName",
    "ProblemFilter",
    "Pulse",
    "Purged",
    "RecentCall",
    "Repeat",
    "Settlement",
    "Share",
    "Size",
    "Started",
    "Stoppage",
    "StoreUnavailable",
    "TableSize",
    "TalliesAsked",
    "Tellable",
    "WriterLimits",
    "is_sqlite",
    "place",
    "place_of",
    "store_place",
]
