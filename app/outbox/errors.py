"""What the store may refuse.

BridgeError
└── StoreUnavailable    the store can't take or give anything now
"""

from app.kit.errors import BridgeError


class StoreUnavailable(BridgeError):
    """Disk full, read-only, locked for too long, gone, or more waits than it can take. What was
    asked may be asked again after `retry_after_s` seconds."""

    slug = "store_unavailable"

    def __init__(self, why: str, *, retry_after_s: int = 5) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s
