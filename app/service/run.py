"""Runs a process from start to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from random import SystemRandom

import structlog

from app.config.settings import Settings
from app.revision import CurrentRevision, read_revision
from app.service.app import create_app
from app.service.parts import Parts, open_parts
from app.service.roles import Role
from app.web.server import address, listen, serving

_log = structlog.get_logger()


async def run_service(settings: Settings, environ: Mapping[str, str], role: Role) -> None:
    """Until SIGTERM or SIGINT. Raises ConfigRefused, CannotListen, StoreUnavailable."""
    stop = asyncio.Event()
    _stop_at_signals(stop)
    async with running_service(settings, environ, role):
        await stop.wait()
        _log.info("service.stopping")
    _log.info("service.stopped")


@contextlib.asynccontextmanager
async def running_service(
    settings: Settings, environ: Mapping[str, str], role: Role = Role.ALL
) -> AsyncIterator[tuple[str, Parts]]:
    """The service within the block, with its address. At the end: no more calls are taken,
    those under way are answered, what is in flight is finished, what is queued is stored."""
    revision = await asyncio.to_thread(read_revision, settings.config, environ)
    for warning in revision.warnings:
        _log.warning("config.warning", key=warning.key, line=warning.line, reason=warning.reason)
    current = CurrentRevision(settings.config, environ, revision, SystemRandom())
    sock = listen(settings.host, settings.port)
    stop = asyncio.Event()
    with contextlib.closing(sock):
        async with open_parts(settings, current, role) as parts, asyncio.TaskGroup() as tasks:
            app = create_app(parts.entry, parts.readiness, lambda: current.revision.id, stop.is_set)
            tasks.create_task(current.watch(stop), name="watch the configuration")
            try:
                async with serving(app, sock):
                    if parts.worker is not None:
                        tasks.create_task(parts.worker.run(stop), name="worker")
                    _log.info("service.started", url=address(sock), role=role, revision=revision.id)
                    yield address(sock), parts
                    if parts.entry is not None:
                        parts.entry.close()
                    stop.set()
            finally:
                stop.set()


def _stop_at_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
