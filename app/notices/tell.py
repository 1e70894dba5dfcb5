"""Tells everybody who is to be told, once for all processes of a store."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Protocol

import structlog

from app.kit.backoff import full_jitter, spread
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.model.concern import Concern, ConcernKind, Severity
from app.notices.send import NotSent, send
from app.notices.text import Said, body
from app.outbox import Audience, NoticeClaim, StoreUnavailable, Tellable
from app.revision.channels import Channel

_log = structlog.get_logger()
_DUTY = "notices"
_EVERY_S = 10.0
_DUTY_LASTS_S = 60.0
# Longer than the time limits of all that is sent under it.
_LEASE_S = 120.0
_RETRY_BASE_S = 15.0
_RETRY_CAP_S = 900.0


class Noticed(Protocol):
    """What it needs of the outbox."""

    async def on_duty(self, name: str, *, owner: str, lasts_s: float) -> bool: ...

    async def claim_notices(
        self, audiences: Sequence[Audience], *, lease_s: float
    ) -> list[NoticeClaim]: ...

    async def notices_sent(self, claims: Sequence[NoticeClaim]) -> None: ...

    async def put_off_notices(self, claims: Sequence[NoticeClaim], *, wait_s: float) -> None: ...


class Teller:
    """`owner` names this process; `channels` yields those of the configuration in use, `look`
    finds what needs a person."""

    def __init__(
        self,
        store: Noticed,
        channels: Callable[[], Sequence[Channel]],
        look: Callable[[], Awaitable[Sequence[Concern]]],
        clock: Clock,
        rng: Random,
        *,
        owner: str,
    ) -> None:
        self._store = store
        self._channels = channels
        self._look = look
        self._clock = clock
        self._rng = rng
        self._owner = owner

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(spread(_EVERY_S, rng=self._rng))
            try:
                await self.once()
            except StoreUnavailable as error:
                _log.warning("notices.store_unavailable", why=str(error))
            except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
                _log.error("notices.failed", kind=type(error).__name__, at=raised_at(error))

    async def once(self) -> None:
        """A look, unless another process is at it. Raises StoreUnavailable."""
        channels = {channel.name: channel for channel in self._channels()}
        if not channels:
            return
        if not await self._store.on_duty(_DUTY, owner=self._owner, lasts_s=_DUTY_LASTS_S):
            return
        found = await self._look()
        if any(one.kind is ConcernKind.STORE_UNAVAILABLE for one in found):
            # What is told can't be written down, and what else there is is not known.
            raise StoreUnavailable("no notices are sent while the store takes no writes")
        audiences = [_audience(channel, found) for channel in channels.values()]
        claims = await self._store.claim_notices(audiences, lease_s=_LEASE_S)
        known = {(one.kind.value, one.cause): one for one in found}
        by_channel: dict[str, list[NoticeClaim]] = {}
        for claim in claims:
            by_channel.setdefault(claim.channel, []).append(claim)
        async with asyncio.TaskGroup() as tasks:
            for name, own in by_channel.items():
                tasks.create_task(self._tell(channels[name], own, known), name=f"notice {name}")

    async def _tell(
        self,
        channel: Channel,
        claims: Sequence[NoticeClaim],
        known: dict[tuple[str, str], Concern],
    ) -> None:
        said = [
            Said(one.kind, one.cause, None if one.is_over else known.get(one.name))
            for one in claims
        ]
        try:
            await self._send(channel, claims, said)
        except StoreUnavailable as error:
            # Claimed as it is, it will be told once more.
            _log.warning("notices.store_unavailable", why=str(error))

    async def _send(
        self, channel: Channel, claims: Sequence[NoticeClaim], said: Sequence[Said]
    ) -> None:
        try:
            await send(channel, body(channel.settings, said, self._clock.now()))
        except NotSent as failed:
            await self._put_off(channel, claims, failed)
            return
        _log.info("notice.sent", channel=channel.name, concerns=len(claims))
        await self._store.notices_sent(claims)

    async def _put_off(
        self, channel: Channel, claims: Sequence[NoticeClaim], failed: NotSent
    ) -> None:
        tries = max(one.tries for one in claims)
        wait_s = full_jitter(tries, base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, rng=self._rng)
        _log.error("notice.not_sent", channel=channel.name, why=failed.why, tries=tries)
        await self._store.put_off_notices(claims, wait_s=max(wait_s, failed.wait_s))


def _audience(channel: Channel, found: Sequence[Concern]) -> Audience:
    given = channel.settings
    wanted = [
        one
        for one in found
        if (not given.kinds or one.kind in given.kinds)
        and (given.severity is Severity.WARNING or one.severity is Severity.CRITICAL)
    ]
    return Audience(
        channel.name,
        [
            Tellable(one.kind, one.cause, one.since if one.begins_anew else None, one.is_quiet)
            for one in wanted
        ],
        given.repeat,
        given.over,
    )
