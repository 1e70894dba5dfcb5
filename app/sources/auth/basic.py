"""HTTP basic authentication (RFC 7617)."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from app.sources.auth.places import SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.scheme import Unsigned
from app.sources.auth.spot import Decoding, Fields
from app.sources.auth.tokens import is_one_of
from app.sources.call import Call

_CHALLENGE = 'Basic realm="hooks", charset="UTF-8"'


def credentials(username: str, passwords: Iterable[str]) -> Iterator[bytes]:
    """`username:password` as callers may send it: UTF-8, or Latin-1 where that can write it."""
    for password in passwords:
        text = f"{username}:{password}"
        yield text.encode()
        if not text.isascii():
            try:
                yield text.encode("latin-1")
            except UnicodeEncodeError:
                continue


@dataclass(frozen=True, slots=True)
class Basic(Unsigned):
    """Name and password are compared as one text: neither can be found out alone."""

    known: tuple[bytes, ...] = field(repr=False)

    @property
    def secret_places(self) -> SecretPlaces:
        return SecretPlaces(headers=frozenset({"authorization"}))

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        header = call.headers.get("authorization")
        if header is None:
            return refuse("basic", Why.ABSENT, _CHALLENGE)
        given = _decoded(header)
        if given is None:
            return refuse("basic", Why.UNREADABLE, _CHALLENGE)
        return None if is_one_of(given, self.known) else refuse("basic", Why.WRONG, _CHALLENGE)

    def sign(self, call: Call, decode: Decoding) -> Call:
        token = base64.b64encode(self.known[0]).decode()
        return replace(call, headers={**call.headers, "authorization": f"Basic {token}"})


def _decoded(header: str) -> bytes | None:
    if header[:6].lower() != "basic ":
        return None
    try:
        return base64.b64decode(header[6:].strip(" "), validate=True)
    except (binascii.Error, ValueError):
        return None
