"""Runs a process from start to stop."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from random import SystemRandom

import structlog

from app.config.settings import Settings
from app.key_sets import Fetcher
from app.kit.clock import SystemClock
from app.revision import CurrentRevision, read_revision
from app.service.app import OperatorApi, create_app
from app.service.parts import Parts, open_parts
from app.service.roles import Role
from app.service.siblings import Link, Siblings
from app.web.server import address, listen, serving
from app.web.short_way import by_short_way

_log = structlog.get_logger()
_SWITCH_S = 0.0005
_FIRST_KEYS_S = 3.0
_LEAST_TOKEN = 32


@dataclass(frozen=True, slots=True)
class Shared:
    """How a process shares its socket: the first one starts `workers - 1` siblings; a sibling is
    given the socket and the link to the first."""

    workers: int = 1
    socket_fd: int | None = None
    link_fd: int | None = None


ALONE = Shared()


async def run_service(
    settings: Settings, environ: Mapping[str, str], role: Role, shared: Shared = ALONE
) -> None:
    """Until SIGTERM or SIGINT. Raises ConfigRefused, CannotListen, StoreUnavailable."""
    stop = asyncio.Event()
    _stop_at_signals(stop)
    async with running_service(settings, environ, role, shared) as (_, parts):
        if shared.link_fd is not None:
            link = Link(shared.link_fd)
            parts.outbox.wakeup.forward(link.accepted)
            alone = asyncio.create_task(link.until_alone(), name="link to the first process")
            alone.add_done_callback(lambda _: stop.set())
        await stop.wait()
        _log.info("service.stopping")
    _log.info("service.stopped")


@contextlib.asynccontextmanager
async def running_service(
    settings: Settings,
    environ: Mapping[str, str],
    role: Role = Role.ALL,
    shared: Shared = ALONE,
) -> AsyncIterator[tuple[str, Parts]]:
    """The service within the block, with its address. At the end: no more calls are taken,
    those under way are answered, what is in flight is finished, what is queued is stored."""
    keys = Fetcher(SystemClock(), SystemRandom())
    revision = await asyncio.to_thread(read_revision, settings.config, environ, keys)
    for warning in revision.warnings:
        _log.warning("config.warning", key=warning.key, line=warning.line, reason=warning.reason)
    if settings.admin_token and len(settings.admin_token.get_secret_value()) < _LEAST_TOKEN:
        why = f"is shorter than {_LEAST_TOKEN} characters: it may be guessed"
        _log.warning("config.warning", key="BRIDGE_ADMIN_TOKEN", reason=why)
    current = CurrentRevision(settings.config, environ, revision, SystemRandom(), keys)
    stop = asyncio.Event()
    with contextlib.closing(_socket(settings, shared)) as sock:
        async with open_parts(settings, current, role) as parts, asyncio.TaskGroup() as tasks:
            try:
                if role.takes_calls:
                    keys.allow(revision.addresses)
                    current.listen(lambda new: keys.allow(new.addresses))
                    tasks.create_task(keys.run(stop), name="fetch keys")
                    # Calls that come before the keys would only be put off.
                    await keys.first(_FIRST_KEYS_S)
                api = OperatorApi(parts.desk, settings.admin_token)
                async with _serving(sock, parts, api, stop), _going_on(parts.chores):
                    tasks.create_task(current.watch(stop), name="watch the configuration")
                    if parts.worker is not None:
                        tasks.create_task(parts.worker.run(stop), name="worker")
                    for task, name in _siblings(settings, sock, parts, shared, stop):
                        tasks.create_task(task, name=name)
                    _log.info("service.started", url=address(sock), role=role, revision=revision.id)
                    yield address(sock), parts
                    if parts.entry is not None:
                        parts.entry.close()
                    stop.set()
            finally:
                stop.set()


@contextlib.asynccontextmanager
async def _going_on(
    chores: Mapping[str, Callable[[], Coroutine[None, None, None]]],
) -> AsyncIterator[None]:
    """Within the block."""
    tasks = [asyncio.create_task(chore(), name=name) for name, chore in chores.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _serving(
    sock: socket.socket, parts: Parts, api: OperatorApi, stop: asyncio.Event
) -> contextlib.AbstractAsyncContextManager[None]:
    current = parts.current
    app = create_app(parts.entry, parts.readiness, lambda: current.revision, stop.is_set, api)
    # What has been made so far stays: without this the collector of garbage goes through all of
    # it again and again while calls come in.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # The writer's thread keeps the loop waiting for that long each time it takes the interpreter.
    sys.setswitchinterval(_SWITCH_S)
    short = parts.short_way
    return serving(app, sock, http=None if short is None else by_short_way(short))


def _socket(settings: Settings, shared: Shared) -> socket.socket:
    if shared.socket_fd is None:
        return listen(settings.host, settings.port)
    sock = socket.socket(fileno=shared.socket_fd)
    sock.setblocking(False)
    return sock


def _siblings(
    settings: Settings, sock: socket.socket, parts: Parts, shared: Shared, stop: asyncio.Event
) -> Iterator[tuple[Coroutine[None, None, None], str]]:
    arguments = ("--config", str(settings.config))
    siblings = Siblings(sock, arguments, parts.outbox.wakeup.wake, SystemRandom())
    for number in range(1, shared.workers):
        yield siblings.run(number, stop), f"sibling {number}"


def _stop_at_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
