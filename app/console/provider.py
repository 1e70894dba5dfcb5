"""Who else may let operators in: an OpenID Connect provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from app.model.operator import Operator, Role

_MOST_NAME = 100
ANYBODY = "*"


@dataclass(frozen=True, slots=True)
class Provider:
    """`operators` and `viewers` are values of the `claim`."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None = field(repr=False)
    scopes: str
    claim: str
    operators: Sequence[str]
    viewers: Sequence[str]


def operator_of(provider: Provider, claims: Mapping[str, Any]) -> Operator | None:
    """None: whom the provider knows may not come in."""
    said = claims.get(provider.claim)
    values = {str(one) for one in (said if isinstance(said, list) else [said])} | {ANYBODY}
    name = str(claims.get("email") or claims.get("preferred_username") or claims["sub"])
    if values & set(provider.operators):
        return Operator(name[:_MOST_NAME], Role.OPERATOR)
    if values & set(provider.viewers):
        return Operator(name[:_MOST_NAME], Role.VIEWER)
    return None
