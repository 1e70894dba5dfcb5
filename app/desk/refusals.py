"""Why what an operator asks for is not done.

BridgeError
├── NotFound
├── Forbidden
├── Conflict
└── Invalid
"""

from app.kit.errors import BridgeError
from app.model.json import Json


class NotFound(BridgeError):
    slug = "not_found"


class Forbidden(BridgeError):
    slug = "forbidden"


class Conflict(BridgeError):
    """The state of what is asked for does not allow it."""

    slug = "conflict"


class Invalid(BridgeError):
    """A value can't be used. `more` says of it what a program can use."""

    slug = "invalid"

    def __init__(self, why: str, **more: Json) -> None:
        self.more = more
        super().__init__(why)
