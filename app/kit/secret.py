"""A text that must not be seen."""

import hmac


class Secret:
    """Holds a secret text; `repr`, `str` and formatting never show it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def equals(self, candidate: str | bytes) -> bool:
        """Compare in constant time (for texts of one length), as UTF-8 bytes."""
        given = candidate if isinstance(candidate, bytes) else candidate.encode(errors="replace")
        return hmac.compare_digest(self._text.encode(), given)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.equals(other._text)

    def __hash__(self) -> int:
        return hash(self._text)
