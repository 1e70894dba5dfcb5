"""How calls come in."""

from dataclasses import dataclass

from app.ingest.accept import Acceptor
from app.ingest.calls import CallMaker, networks
from app.ingest.entry import Entry
from app.ingest.intake import Intake
from app.ingest.short_way import ShortWay
from app.ingest.unkept import Unkept
from app.ingest.wait import Outcomes
from app.service.ground import Ground
from app.web.asgi import App


@dataclass(frozen=True, slots=True)
class WaysIn:
    """`hooks` serves the calls: the entry, or what traces them around it. `short_way` None: all go
    by it."""

    entry: Entry
    hooks: App
    short_way: ShortWay | None
    unkept: Unkept


def ways_in(on: Ground) -> WaysIn:
    unkept = Unkept(on.outbox, on.clock, on.rng)
    acceptor = Acceptor(on.outbox if on.tracing is None else on.tracing.store(on.outbox))
    intake = Intake(lambda: on.current.revision, acceptor, unkept, on.counts)
    maker = CallMaker(on.settings.public_url, networks(on.settings.trusted_proxies))
    outcomes = Outcomes(on.outbox, on.clock, on.rng)
    entry = Entry(intake, acceptor, outcomes, maker, on.clock)
    if on.tracing is None:
        return WaysIn(entry, entry, ShortWay(intake, acceptor, maker, on.clock), unkept)
    # The short way leaves no span.
    traced = on.tracing.entry(entry, lambda name: name in on.current.revision.sources)
    return WaysIn(entry, traced, None, unkept)
