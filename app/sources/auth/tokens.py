"""Secret texts that the caller shows: in a header, the query, the body or the path."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from app.sources.auth.places import SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.scheme import Unsigned
from app.sources.auth.spot import Decoding, Fields, Spot, wire
from app.sources.call import Call


def is_one_of(given: bytes, secrets: Iterable[bytes]) -> bool:
    """All are compared, so that the time tells nothing of which one is near."""
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(given, secret)
    return found


@dataclass(frozen=True, slots=True)
class Bearer(Unsigned):
    """`Authorization: Bearer SECRET`; the word in any case."""

    secrets: tuple[bytes, ...] = field(repr=False)
    challenge: str = 'Bearer realm="hooks"'

    @property
    def secret_places(self) -> SecretPlaces:
        return SecretPlaces(headers=frozenset({"authorization"}))

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        header = call.headers.get("authorization")
        if header is None:
            return refuse("bearer", Why.ABSENT, self.challenge)
        if header[:7].lower() != "bearer ":
            return refuse("bearer", Why.UNREADABLE, self.challenge)
        if is_one_of(wire(header[7:].strip(" ")), self.secrets):
            return None
        return refuse("bearer", Why.WRONG, self.challenge)

    def sign(self, call: Call, decode: Decoding) -> Call:
        token = self.secrets[0].decode("latin-1")
        return replace(call, headers={**call.headers, "authorization": f"Bearer {token}"})


@dataclass(frozen=True, slots=True)
class ApiKey(Unsigned):
    """Of a field in several items, every one must hold the secret."""

    spot: Spot
    prefix: str
    secrets: tuple[bytes, ...] = field(repr=False)
    name: str = "api_key"

    @property
    def secret_places(self) -> SecretPlaces:
        return self.spot.secret_places()

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        found = self._texts(call, fields)
        if not found:
            return refuse(self.name, Why.ABSENT)
        are_known = True
        for text in found:
            are_known &= self._is_known(text)
        return None if are_known else refuse(self.name, Why.WRONG)

    def _texts(self, call: Call, fields: Fields) -> list[str]:
        if self.spot.field is not None:
            return self.spot.field.texts(fields()) or []
        found = self.spot.read(call, fields)
        return [] if found is None else [found]

    def _is_known(self, text: str) -> bool:
        if not text.startswith(self.prefix):
            return False
        text = text[len(self.prefix) :]
        raw = wire(text) if self.spot.header is not None else text.encode(errors="replace")
        return is_one_of(raw, self.secrets)

    def sign(self, call: Call, decode: Decoding) -> Call:
        encoding = "latin-1" if self.spot.header is not None else "utf-8"
        return self.spot.write(call, self.prefix + self.secrets[0].decode(encoding))


@dataclass(frozen=True, slots=True)
class PathSecret(Unsigned):
    """The first part of what follows `/hooks/{source}/`."""

    secrets: tuple[bytes, ...] = field(repr=False)

    @property
    def secret_places(self) -> SecretPlaces:
        return SecretPlaces(has_path=True)

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        first = call.path.partition("/")[0]
        if not first:
            return refuse("path_secret", Why.ABSENT)
        is_known = is_one_of(first.encode(errors="replace"), self.secrets)
        return None if is_known else refuse("path_secret", Why.WRONG)

    def sign(self, call: Call, decode: Decoding) -> Call:
        text = self.secrets[0].decode()
        root = f"/hooks/{call.source}"
        before, _, after = call.url.partition(root)
        return replace(
            call,
            path=f"{text}/{call.path}" if call.path else text,
            url=f"{before}{root}/{quote(text, safe='')}{after}",
        )
