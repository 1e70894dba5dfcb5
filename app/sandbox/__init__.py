"""A stand-in for Altcraft that speaks its API as documented, and no kinder.

Takes nothing from the packages that send to Altcraft, so that one misreading of the API cannot
pass its own test.
"""

from app.sandbox.faults import Fault, FaultKind
from app.sandbox.journal import Entry, Journal, JournalRefused
from app.sandbox.people import World
from app.sandbox.running import RunningSandbox, sandbox, served
from app.sandbox.world_file import WorldRefused, example_world, read_world

__all__ = [
    "Entry",
    "Fault",
    "FaultKind",
    "Journal",
    "JournalRefused",
    "RunningSandbox",
    "World",
    "WorldRefused",
    "example_world",
    "read_world",
    "sandbox",
    "served",
]
