"""Brings the tables of a store up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from app.outbox.engine import lock_for_migration


def upgrade(connection: Connection) -> None:
    """Within the transaction of `connection`; a second process that starts at the same moment
    waits, and finds nothing to do."""
    lock_for_migration(connection)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
