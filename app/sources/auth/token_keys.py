"""Keys that JSON Web Tokens are verified with."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import orjson
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.model.json import Json
from app.sources.auth.key_sets import KeySets
from app.sources.auth.refusal import Why
from app.sources.auth.rendering import Unfit

Key: TypeAlias = OctKey | RSAKey | ECKey | OKPKey

_PUBLIC = (RSAKey, ECKey, OKPKey)
_MAX_KEYS = 50
_REFUSED = (JoseError, SecurityWarning, ValueError, TypeError, KeyError, AttributeError)


def shared_key(raw: bytes) -> Key:
    """Raises ValueError when it is too short, or a public key by mistake."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", SecurityWarning)
        try:
            return OctKey.import_key(raw)
        except _REFUSED:
            raise ValueError("is too short for a secret, or a public key") from None


def read_key(pem: str) -> Key:
    """Raises ValueError, without the text."""
    with warnings.catch_warnings():
        # A key that is too weak is no key.
        warnings.simplefilter("error", SecurityWarning)
        for kind in _PUBLIC:
            try:
                return kind.import_key(pem)
            except _REFUSED:
                continue
    raise ValueError("is no public key: expected PEM, RSA of at least 2048 bits or a curve's")


def read_key_set(text: str) -> tuple[Key, ...]:
    """The public keys among them: a shared secret has no place in a set that may be published.

    Raises ValueError, without the text.
    """
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("is no JSON") from None
    entries = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(entries, list):
        raise ValueError('is no key set: expected {"keys": [...]}')  # noqa: TRY004 - as the others
    found = tuple(_readable(entries[:_MAX_KEYS]))
    if not found:
        raise ValueError("holds no key that can be used")
    return found


def _readable(entries: Sequence[Json]) -> Iterator[Key]:
    """RFC 7517, section 5: keys of a kind that is not known are passed over."""
    for entry in entries:
        kind = entry.get("kty") if isinstance(entry, Mapping) else None
        for known in _PUBLIC:
            if kind == known.key_type and isinstance(entry, dict):
                key = _imported(known, entry)
                if key is not None:
                    yield key


def _imported(kind: type[RSAKey | ECKey | OKPKey], entry: dict[str, Any]) -> Key | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SecurityWarning)
        try:
            return kind.import_key(entry)
        except _REFUSED:
            return None


class Keys(Protocol):
    def current(self) -> Sequence[Key]:
        """Raises Unfit when they are not there."""

    def look_again(self) -> None:
        """None of them is the one that a token was signed with."""


@dataclass(frozen=True, slots=True)
class FixedKeys:
    known: tuple[Key, ...] = field(repr=False)

    def current(self) -> Sequence[Key]:
        return self.known

    def look_again(self) -> None:
        return


class FetchedKeys:
    def __init__(self, url: str, key_sets: KeySets) -> None:
        self._url = url
        self._key_sets = key_sets
        self._text = ""
        self._keys: tuple[Key, ...] = ()

    def current(self) -> Sequence[Key]:
        text = self._key_sets.current(self._url)
        if text is None:
            raise Unfit(Why.KEYS_NOT_THERE)
        if text != self._text:
            try:
                self._keys = read_key_set(text)
            except ValueError:
                self._keys = ()
            self._text = text
        if not self._keys:
            raise Unfit(Why.KEYS_UNREADABLE)
        return self._keys

    def look_again(self) -> None:
        self._key_sets.look_again(self._url)
