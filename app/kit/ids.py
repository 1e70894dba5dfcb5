"""Ids that sort by the time they were made."""

import uuid_utils


def new_id() -> str:
    """A UUIDv7 in its 36 character form: later ids sort after earlier ones."""
    return str(uuid_utils.uuid7())
