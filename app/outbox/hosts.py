"""Reaches the server; of several the one that takes writes."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import asyncpg

# A machine that lost its power says nothing. Without these a wait for its answer would be the
# operating system's: a quarter of an hour, or for ever where nothing is left to send.
_SOCKET = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


class NoneTakesWrites(OSError):
    pass


async def reach(**given: Any) -> asyncpg.Connection:
    """As `asyncpg.connect`."""
    if isinstance(given.get("host"), list):
        connection = await _first(given)
    else:
        connection = await asyncpg.connect(**given)
    _notice_loss(connection)
    return connection


async def _first(given: Mapping[str, Any]) -> asyncpg.Connection:
    """All are asked at once: the driver would ask them in turn, and one that does not answer would
    use up the time of the one that was promoted in its place."""
    asked = {
        asyncio.create_task(_one(given, host, port), name=f"reach {host}"): host
        for host, port in zip(given["host"], given["port"], strict=True)
    }
    chosen = None
    try:
        for one in asyncio.as_completed(asked):
            try:
                chosen = await one
            except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
                continue
            return chosen
        why = ", ".join(f"{host}: {type(one.exception()).__name__}" for one, host in asked.items())
        raise NoneTakesWrites(f"no server takes writes ({why})")
    finally:
        await _let_go(asked, chosen)


async def _one(given: Mapping[str, Any], host: str, port: int) -> asyncpg.Connection:
    wanted = {"target_session_attrs": "read-write", **given}
    return await asyncpg.connect(**{**wanted, "host": host, "port": port})


async def _let_go(
    asked: Mapping[asyncio.Task[asyncpg.Connection], str], chosen: asyncpg.Connection | None
) -> None:
    for one in asked:
        one.cancel()
    await asyncio.wait(asked)
    for one in asked:
        if not one.cancelled() and one.exception() is None and one.result() is not chosen:
            one.result().terminate()


def _notice_loss(connection: asyncpg.Connection) -> None:
    # The driver has no public way to its socket.
    found = connection._transport.get_extra_info("socket")
    if found.family == socket.AF_UNIX:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SOCKET.items():
        # Not every system has each of them.
        if (option := getattr(socket, name, None)) is not None:
            found.setsockopt(socket.IPPROTO_TCP, option, value)
