"""Brings the tables of a store up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from app.outbox.dialect import lock_for_migration

_VERSIONS = Path(__file__).parent / "versions"


def is_current(connection: Connection) -> bool:
    """Whether there is nothing to do. A look without a lock: most starts find it so, and need not
    wait for each other. Migrations only add: on tables of a later version this program works, so
    that it can start again while others are replaced, and be gone back to."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    newest = max(path.stem[:4] for path in _VERSIONS.glob("[0-9]*.py"))
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found is not None and str(found) >= newest


def upgrade(connection: Connection, to: str = "head") -> None:
    """Within the transaction of `connection`; a second process that starts at the same moment
    waits, and finds nothing to do."""
    lock_for_migration(connection)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
