"""What the exit statuses mean."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    NO = 1
    """The question was answered with no: a fault was found, no rule holds, nothing is there."""
    USAGE = 2
    """The command line, the environment or the configuration can't be used."""
    UNAVAILABLE = 3
    """The store, the address or the other side can't be used now; later it may."""
