"""`bridge sandbox`."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from app.cli.serve import run
from app.cli.tables import say
from app.kit.clock import SystemClock
from app.kit.log_choice import LogFormat, LogLevel
from app.observe.logs import configure_logs
from app.sandbox import World, example_world, read_world
from app.sandbox import sandbox as running_sandbox


def sandbox(
    *,
    world: Annotated[
        Path | None, typer.Option(help="tokens, scenarios and profiles; absent: the built-in ones")
    ] = None,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="port to listen on; 0: a free one")
    ] = 8081,
    journal: Annotated[
        Path | None, typer.Option(help="write what is received here, a JSON line each")
    ] = None,
    everybody: Annotated[bool, typer.Option(help="every identity has a profile")] = False,
) -> None:
    """Run the stand-in for Altcraft, until SIGTERM or SIGINT."""
    configure_logs(LogFormat.AUTO, LogLevel.WARNING)
    known = (
        read_world(world, knows_everybody=everybody)
        if world
        else example_world(knows_everybody=everybody)
    )
    run(_serve(known, host, port, journal))


async def _serve(known: World, host: str, port: int, journal: Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_sandbox(
        known, SystemClock(), host=host, port=port, journal=journal
    ) as running:
        say(f"sandbox at {running.url}")
        say(f"  tokens: {', '.join(known.tokens)}")
        say(f'  faults: curl -X PUT {running.url}/_sandbox/faults -d \'[{{"kind": "html"}}]\'')
        say(f"  journal: {running.url}/ and {running.url}/_sandbox/journal")
        await stop.wait()
