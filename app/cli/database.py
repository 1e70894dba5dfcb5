"""`bridge db ...`"""

import typer

from app.cli.store import with_store
from app.cli.tables import say
from app.config.settings import read_settings
from app.outbox import Outbox

database = typer.Typer(help="The store.", no_args_is_help=True)


@database.callback()
def _group() -> None:
    """The store."""


@database.command()
def upgrade() -> None:
    """Bring the tables to this version. `bridge serve` does the same at its start."""

    async def opened(outbox: Outbox) -> None:
        await outbox.probe()

    with_store(opened)
    say(f"the tables are up to date: {read_settings().database_url.rsplit('@', 1)[-1]}")
