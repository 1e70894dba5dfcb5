"""Ids that sort by the time they were made."""

from datetime import UTC, datetime

import uuid_utils


def new_id() -> str:
    """A UUIDv7 in its 36 character form: later ids sort after earlier ones."""
    return str(uuid_utils.uuid7())


def first_id_at(at: datetime) -> str:
    """A text that sorts before every id made at or after `at`, and after those made before."""
    digits = f"{max(0, int(at.timestamp() * 1000)):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def made_at(made: str) -> datetime:
    """When an id of `new_id` was made, to the millisecond."""
    return datetime.fromtimestamp(int(made.replace("-", "")[:12], 16) / 1000, UTC)
