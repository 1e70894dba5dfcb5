"""The command line, put together.

A command is loaded when it is called for: all of them together take as long to load as most of them
to run.
"""

import gc
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import typer

from app.cli.exits import Exit
from app.cli.tables import complain
from app.kit.errors import BridgeError

_COMMANDS: Mapping[str, str] = {
    "serve": "serve:serve",
    "demo": "demo:demo",
    "sandbox": "sandbox:sandbox",
    "check": "check:check",
    "schema": "check:schema",
    "try": "trial:trial",
    "send": "send:send",
    "presets": "presets:presets",
    "source": "sources:sources",
    "test": "cases:run",
    "events": "stored:events",
    "deliveries": "stored:deliveries",
    "problems": "problems:problems",
    "concerns": "problems:list_concerns",
    "notices": "notices:notices",
    "acts": "operate:list_acts",
    "pause": "pauses:pause",
    "resume": "pauses:resume",
    "paused": "pauses:paused",
    "forget": "forget:forget",
    "token": "tokens:tokens",
    "db": "database:database",
}
"""By name the module of this package and what it has there, in the order of the help."""

_UNAVAILABLE = frozenset({"store_unavailable", "temporarily_unavailable"})


def command_line(arguments: Sequence[str] = ()) -> typer.Typer:
    """With the command that the arguments call for; where they name none, with all."""
    called = next((word for word in arguments if not word.startswith("-")), "")
    cli = typer.Typer(
        name="bridge",
        help="Turns webhooks into the start of Altcraft scenarios.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,
    )
    # Else one command alone would be the whole program, and its name an argument too many.
    cli.callback()(_bridge)
    for name in [called] if called in _COMMANDS else _COMMANDS:
        _add(cli, name)
    return cli


def _loaded(arguments: Sequence[str]) -> typer.Typer:
    """What a program is made of stays to its end: the collector of garbage would go through all of
    it again and again while it is loaded, which takes up to a quarter of the time."""
    gc.disable()
    try:
        return command_line(arguments)
    finally:
        gc.freeze()
        gc.enable()


def _bridge() -> None:
    """Turns webhooks into the start of Altcraft scenarios."""


def _add(cli: typer.Typer, name: str) -> None:
    module, _, attribute = _COMMANDS[name].partition(":")
    found: Any = getattr(import_module(f"app.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        cli.add_typer(found, name=name)
    else:
        cli.command(name)(found)


def main() -> None:
    """Every expected failure ends in a sentence and an exit status, never in a traceback. What is
    wrong with the arguments the library says itself, with status 2."""
    try:
        _loaded(sys.argv[1:])()
    except BridgeError as error:
        complain(str(error))
        sys.exit(Exit.UNAVAILABLE if error.slug in _UNAVAILABLE else Exit.USAGE)
