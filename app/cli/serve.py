"""`bridge serve`."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from app.config.settings import environment, read_settings
from app.observe.logs import configure_logs
from app.service.roles import Role
from app.service.run import Shared, run_service


def serve(
    *,
    role: Annotated[
        Role, typer.Option(help="all, ingest (takes calls only) or worker (delivers only)")
    ] = Role.ALL,
    config: Annotated[Path | None, typer.Option(help="instead of BRIDGE_CONFIG")] = None,
    host: Annotated[str | None, typer.Option(help="instead of BRIDGE_HOST")] = None,
    port: Annotated[int | None, typer.Option(help="instead of BRIDGE_PORT")] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="processes that take calls, on one socket")
    ] = 1,
    socket_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    link_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    board_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    number: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Take calls and deliver scenario starts, until SIGTERM or SIGINT."""
    if role is Role.WORKER and workers > 1:
        raise typer.BadParameter(
            "a worker takes no calls, and is one process: start it as often as needed",
            param_hint="'--workers'",
        )
    settings = read_settings(config=config, host=host, port=port)
    configure_logs(settings.log_format, settings.log_level)
    shared = Shared(workers, socket_fd, link_fd, board_fd, number)
    run(run_service(settings, environment(), role, shared))


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """With the faster loop where it is to be had."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(coroutine)
    else:
        uvloop.run(coroutine)
