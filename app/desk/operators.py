"""Who an operator is, by the digest of a token."""

import hmac
from typing import Protocol

from pydantic import SecretStr

from app.model.operator import ADMIN, Operator, Role, Token, token_digest


class Tokens(Protocol):
    """What it needs of the outbox."""

    async def operator(self, digest: bytes) -> Operator | None: ...

    async def tokens(self) -> list[Token]: ...


class Operators:
    """Those whose tokens are stored, and whoever has the `admin_token`."""

    def __init__(self, tokens: Tokens, admin_token: SecretStr | None) -> None:
        self._tokens = tokens
        self._admin = token_digest(admin_token.get_secret_value()) if admin_token else None

    async def of_digest(self, digest: bytes) -> Operator | None:
        """Raises StoreUnavailable."""
        if self._admin is not None and hmac.compare_digest(digest, self._admin):
            return Operator(ADMIN, Role.OPERATOR)
        return await self._tokens.operator(digest)

    async def are_there(self) -> bool:
        """Whether anybody could be let in. Raises StoreUnavailable."""
        return self._admin is not None or bool(await self._tokens.tokens())
