"""Things of a configuration by their name, as a user writes it."""

from collections.abc import Mapping
from typing import TypeVar

from app.kit.errors import BridgeError
from app.kit.nearest import did_you_mean

T = TypeVar("T")


class NotThere(BridgeError):
    slug = "configuration"


def named(kind: str, name: str, known: Mapping[str, T]) -> T:
    """Raises NotThere, which says what may have been meant."""
    found = known.get(name)
    if found is None:
        hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
        raise NotThere(f'there is no {kind} "{name}"; {hint}')
    return found
