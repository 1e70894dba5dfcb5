"""Why a body is refused.

BridgeError
├── Undecodable         the body is not what it says it is, or passes a limit
└── UnsupportedMedia    a content type, encoding or charset that is not known here
"""

from app.kit.errors import BridgeError


class _Refused(BridgeError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undecodable(_Refused):
    """`reason` names the place (line and column, byte, number of the part), never the value."""

    slug = "undecodable"


class UnsupportedMedia(_Refused):
    slug = "unsupported_media"
