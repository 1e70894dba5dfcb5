"""The command line, put together."""

import sys

import click
import typer

from app.cli import (
    cases,
    check,
    database,
    demo,
    forget,
    history,
    notices,
    operate,
    pauses,
    presets,
    problems,
    sandbox,
    save,
    send,
    serve,
    sources,
    tokens,
    trial,
)
from app.cli.exits import Exit
from app.cli.tables import complain
from app.kit.errors import BridgeError

cli = typer.Typer(
    name="bridge",
    help="Turns webhooks into the start of Altcraft scenarios.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
cli.command("serve")(serve.serve)
cli.command("demo")(demo.demo)
cli.command("sandbox")(sandbox.sandbox)
cli.command("check")(check.check)
cli.command("schema")(check.schema)
cli.command("try")(trial.trial)
cli.command("send")(send.send)
cli.command("presets")(presets.presets)
cli.add_typer(sources.sources, name="source")
cli.command("test")(cases.run)
history.events.command("save-as-test")(save.save_as_test)
history.events.command("replay")(operate.replay_events)
history.deliveries.command("replay")(operate.replay_deliveries)
history.deliveries.command("cancel")(operate.cancel_deliveries)
cli.add_typer(history.events, name="events")
cli.add_typer(history.deliveries, name="deliveries")
cli.add_typer(problems.problems, name="problems")
cli.command("concerns")(problems.list_concerns)
cli.add_typer(notices.notices, name="notices")
cli.command("acts")(operate.list_acts)
cli.command("pause")(pauses.pause)
cli.command("resume")(pauses.resume)
cli.command("paused")(pauses.paused)
cli.command("forget")(forget.forget)
cli.add_typer(tokens.tokens, name="token")
cli.add_typer(database.database, name="db")

_UNAVAILABLE = frozenset({"store_unavailable", "temporarily_unavailable"})


def main() -> None:
    """Every expected failure ends in a sentence and an exit status, never in a traceback."""
    try:
        status = cli(standalone_mode=False)
    except BridgeError as error:
        complain(str(error))
        status = Exit.UNAVAILABLE if error.slug in _UNAVAILABLE else Exit.USAGE
    except click.exceptions.Abort:
        status = 130
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    sys.exit(status or 0)
