"""Runs a process from start to stop."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING

import structlog

from app.config.settings import Settings
from app.console.app import create_console
from app.console.house import House
from app.console.pages import Pages
from app.console.provider import Provider
from app.console.sessions import Sessions
from app.desk.operators import Operators
from app.key_sets import Fetcher
from app.kit.clock import SystemClock
from app.observe.board import Board, board_of
from app.observe.counts import Counts
from app.outbox import store_place
from app.revision import CurrentRevision, read_revision
from app.service.app import Faces, create_app
from app.service.chores import Chore
from app.service.parts import Parts, open_parts
from app.service.roles import Role
from app.service.siblings import Handed, Link, Siblings
from app.tracing.opening import open_tracing
from app.web.server import address, listen, serving
from app.web.short_way import by_short_way

if TYPE_CHECKING:
    from app.tracing.tracing import Tracing  # its packages may be missing

_log = structlog.get_logger()
_SWITCH_S = 0.0005
_FIRST_KEYS_S = 3.0
_LEAST_TOKEN = 32


@dataclass(frozen=True, slots=True)
class Shared:
    """How a process shares its socket: the first one starts `workers - 1` siblings; a sibling is
    given the socket, the link to the first, and the board on which all count, where it has the
    slot of its `number`."""

    workers: int = 1
    socket_fd: int | None = None
    link_fd: int | None = None
    board_fd: int | None = None
    number: int = 0


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
    tracing: "Tracing | None" = None,
) -> AsyncIterator[tuple[str, Parts]]:
    """The service within the block, with its address. At the end: no more calls are taken,
    those under way are answered, what is in flight is finished, what is queued is stored, traces
    are sent. `tracing` stands for what the settings ask for."""
    keys = Fetcher(SystemClock(), SystemRandom())
    revision = await asyncio.to_thread(read_revision, settings.config, environ, keys)
    for warning in revision.warnings:
        _log.warning("config.warning", key=warning.key, line=warning.line, reason=warning.reason)
    if settings.admin_token and len(settings.admin_token.get_secret_value()) < _LEAST_TOKEN:
        why = f"is shorter than {_LEAST_TOKEN} characters: it may be guessed"
        _log.warning("config.warning", key="BRIDGE_ADMIN_TOKEN", reason=why)
    stop = asyncio.Event()
    socket_of_all = contextlib.closing(_socket(settings, shared))
    with socket_of_all as sock, board_of(shared.workers, shared.board_fd) as board:
        counts = Counts(board, shared.number)
        current = CurrentRevision(settings.config, environ, revision, SystemRandom(), keys, counts)
        async with (
            open_tracing(settings.otlp_endpoint) as asked_for,
            open_parts(settings, current, role, counts, tracing or asked_for) as parts,
            asyncio.TaskGroup() as tasks,
        ):
            try:
                if role.takes_calls:
                    keys.allow(revision.addresses)
                    current.listen(lambda new: keys.allow(new.addresses))
                    tasks.create_task(keys.run(stop), name="fetch keys")
                    # Calls that come before the keys would only be put off.
                    await keys.first(_FIRST_KEYS_S)
                faces = _faces(settings, parts)
                async with _serving(sock, parts, faces, stop), _going_on(parts.chores):
                    tasks.create_task(current.watch(stop), name="watch the configuration")
                    if parts.worker is not None:
                        tasks.create_task(parts.worker.run(stop), name="worker")
                    for task, name in _siblings(settings, sock, board, parts, shared, stop):
                        tasks.create_task(task, name=name)
                    _log.info(
                        "service.started",
                        url=address(sock),
                        role=role,
                        revision=revision.id,
                        store=store_place(settings.database_url),
                    )
                    yield address(sock), parts
                    if parts.ways_in is not None:
                        parts.ways_in.entry.close()
                    parts.live.close()
                    stop.set()
            finally:
                stop.set()


@contextlib.asynccontextmanager
async def _going_on(
    chores: Mapping[str, Chore],
) -> AsyncIterator[None]:
    """Within the block."""
    tasks = [asyncio.create_task(chore(), name=name) for name, chore in chores.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _faces(settings: Settings, parts: Parts) -> Faces:
    operators = Operators(parts.outbox, settings.admin_token)
    sessions = Sessions(parts.outbox.key("console"))
    provider = _provider(settings)
    house = House(
        parts.desk,
        operators,
        sessions,
        Pages(),
        parts.live,
        has_provider=provider is not None,
        public_url=settings.public_url,
    )
    return Faces(parts.desk, operators, create_console(house, provider))


def _provider(settings: Settings) -> Provider | None:
    if settings.oidc_issuer is None:
        return None
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id or "",
        client_secret=settings.oidc_client_secret,
        scopes=settings.oidc_scopes,
        claim=settings.oidc_claim,
        operators=settings.oidc_operators,
        viewers=settings.oidc_viewers,
    )


def _serving(
    sock: socket.socket, parts: Parts, faces: Faces, stop: asyncio.Event
) -> contextlib.AbstractAsyncContextManager[None]:
    current = parts.current
    ways = parts.ways_in
    hooks = None if ways is None else ways.hooks
    app = create_app(hooks, parts.readiness, lambda: current.revision, stop.is_set, faces)
    # What has been made so far stays: without this the collector of garbage goes through all of
    # it again and again while calls come in.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # The writer's thread keeps the loop waiting for that long each time it takes the interpreter.
    sys.setswitchinterval(_SWITCH_S)
    short = None if ways is None else ways.short_way
    return serving(app, sock, http=None if short is None else by_short_way(short))


def _socket(settings: Settings, shared: Shared) -> socket.socket:
    if shared.socket_fd is None:
        return listen(settings.host, settings.port)
    sock = socket.socket(fileno=shared.socket_fd)
    sock.setblocking(False)
    return sock


def _siblings(
    settings: Settings,
    sock: socket.socket,
    board: Board,
    parts: Parts,
    shared: Shared,
    stop: asyncio.Event,
) -> Iterator[tuple[Coroutine[None, None, None], str]]:
    if board.fd is None:
        return
    arguments = ("--config", str(settings.config))
    handed = Handed(sock, board.fd)
    siblings = Siblings(handed, arguments, parts.outbox.wakeup.wake, SystemRandom())
    for number in range(1, shared.workers):
        yield siblings.run(number, stop), f"sibling {number}"


def _stop_at_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
