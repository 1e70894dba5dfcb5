"""`bridge notices test`."""

import asyncio
from typing import Annotated

import typer

from app.cli.exits import Exit
from app.cli.given import ConfigFile
from app.cli.named import named
from app.cli.tables import complain, say
from app.config.settings import environment, read_settings
from app.kit.clock import SystemClock
from app.notices import NotSent, send, try_out
from app.revision import read_revision
from app.revision.channels import Channel

notices = typer.Typer(help="Who is told when something needs a person.", no_args_is_help=True)


@notices.callback()
def _group() -> None:
    pass


@notices.command("test")
def send_try_out(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="one of `notices`; absent: all")
    ] = None,
    *,
    config: ConfigFile = None,
) -> None:
    """Send a try-out to those that `notices` names. Exit status 3 when one did not take it."""
    revision = read_revision(config or read_settings().config, environment())
    channels = {channel.name: channel for channel in revision.channels}
    if not channels:
        complain("the configuration names nobody under `notices`")
        raise typer.Exit(Exit.NO)
    chosen = [named("notice", name, channels)] if name else list(channels.values())
    results = [asyncio.run(_sent(channel)) for channel in chosen]
    if not all(results):
        raise typer.Exit(Exit.UNAVAILABLE)


async def _sent(channel: Channel) -> bool:
    try:
        await send(channel, try_out(channel.settings, SystemClock().now()))
    except NotSent as failed:
        complain(f"{channel.name}: not taken: {failed.why}")
        return False
    say(f"{channel.name}: taken")
    return True
