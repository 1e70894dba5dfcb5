"""Who operates the bridge over HTTP, and the tokens that prove it."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.kit.secret import Secret

_PREFIX = "bridge_"
_BYTES = 32
ADMIN = "admin"
"""The name of whoever has BRIDGE_ADMIN_TOKEN."""


class Role(StrEnum):
    VIEWER = "viewer"
    """Reads, without personal data."""
    OPERATOR = "operator"
    """Reads all, and acts."""


@dataclass(frozen=True, slots=True)
class Operator:
    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        return self.role is Role.OPERATOR


@dataclass(frozen=True, slots=True)
class Token:
    """One that was made, without its text, which nobody keeps."""

    name: str
    role: Role
    made_at: datetime
    made_by: str


def new_token() -> Secret:
    return Secret(_PREFIX + secrets.token_urlsafe(_BYTES))


def token_digest(token: str) -> bytes:
    """What is stored of a token.

    A plain hash, without salt and not a slow one: those slow down guessing what people choose,
    and nobody guesses 256 random bits, however quick the hash. So a request costs a look-up by the
    digest and no more.
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
