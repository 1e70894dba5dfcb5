"""The root of every error this program raises on purpose."""

from pathlib import PurePath
from traceback import extract_tb


class BridgeError(Exception):
    """An expected failure: its message says what is wrong, where, and what to do.

    `slug` is stable and names the kind of failure to programs. The message never holds a
    secret, a token or a person's data.
    """

    slug = "internal"


def raised_at(error: BaseException) -> str:
    """Where it was raised, as `settle.py:52`: for logs, which can't show the text of an error
    that may quote a person's data."""
    frames = extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
