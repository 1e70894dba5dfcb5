"""Ends what is older than it may be, whatever it waits for."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random

import structlog

from app.delivery.store import Store
from app.delivery.traces import trace_of
from app.kit.backoff import spread
from app.kit.errors import raised_at
from app.model.delivery import Delivery, DeliveryState, Ending
from app.observe.counts import Counts
from app.outbox import StoreUnavailable

_log = structlog.get_logger()


async def end_late(store: Store, poll_s: Callable[[], float], rng: Random, counts: Counts) -> None:
    """Until it is cancelled."""
    while True:
        await _look(store, counts)
        await asyncio.sleep(spread(poll_s(), rng=rng))


async def _look(store: Store, counts: Counts) -> None:
    try:
        # The look spares writers an idle worker's transactions.
        while await store.has_late():
            ended = [(delivery, Ending.EXPIRED) for delivery in await store.expire()]
            tell_of_ended(ended, counts)
    except StoreUnavailable as error:
        _log.warning("delivery.store_unavailable", why=str(error))
    except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
        _log.error("delivery.expiry_failed", kind=type(error).__name__, at=raised_at(error))


def tell_of_ended(ended: Sequence[tuple[Delivery, Ending]], counts: Counts) -> None:
    for delivery, ending in ended:
        state = DeliveryState.DEAD if ending is Ending.EXPIRED else DeliveryState.DONE
        counts.ended(delivery.start.destination, state, ending)
        log = _log.warning if ending is Ending.EXPIRED else _log.info
        log(
            "delivery.ended",
            event_id=delivery.event_id,
            delivery_id=delivery.id,
            source=delivery.source,
            rule=delivery.start.rule,
            outcome=ending.value,
            **trace_of(delivery),
        )
