"""Fetches the keys that callers' proofs are checked with, where they stand at an address: in the
background, so that no call waits for it and none fails by it.

`Fetcher` is what sources ask; `run` fetches until it is stopped.
"""

from app.key_sets.fetcher import Fetcher
from app.key_sets.kept import Pace

__all__ = ["Fetcher", "Pace"]
