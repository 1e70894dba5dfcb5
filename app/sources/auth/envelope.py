"""What all signatures over a call share: finding them, their time, and what they are over."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.config.schema.place import BodyHash, Extract, Timestamp
from app.config.schema.signature import Signed
from app.sources.auth.encodings import canonical, normal, written
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Why
from app.sources.auth.rendering import FORM, SignedText, Signing, Unfit, UrlReading
from app.sources.auth.spot import CannotSign, Decoding, Fields, Spot
from app.sources.auth.window import Window, seconds_of, timestamp_text
from app.sources.call import Call

_MAX_PARTS = 32
_NOWHERE = Spot()


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Where the time stands: at `spot`, or in the `part` of the signature's header."""

    config: Timestamp
    spot: Spot
    window: Window

    @classmethod
    def of(cls, config: Timestamp) -> "_Stamp":
        spot = _NOWHERE if config.part is not None else Spot.of(config)
        return cls(config, spot, Window(config.past, config.future))


@dataclass(frozen=True, slots=True)
class _Hash:
    config: BodyHash
    spot: Spot

    def of_body(self, body: bytes) -> bytes:
        return hashlib.new(self.config.algorithm, body, usedforsecurity=False).digest()

    def matches(self, text: str, body: bytes) -> bool:
        expected = canonical(self.of_body(body), self.config.encoding)
        given = normal(text.removeprefix(self.config.prefix), self.config.encoding)
        return text.startswith(self.config.prefix) and hmac.compare_digest(expected, given)


class Envelope:
    def __init__(self, config: Signed) -> None:
        self._config = config
        self._spot = Spot.of(config.signature)
        self._stamp = _Stamp.of(config.timestamp) if config.timestamp else None
        hash_ = config.body_hash
        self._hash = _Hash(hash_, Spot.of(hash_)) if hash_ else None
        self._text = SignedText(config.pieces(), config.values)
        self._urls = UrlReading.of(config.url) if "url" in self._text.names else None
        self._checks_body = self._hash is not None or "fields_sorted" in self._text.names
        self.covers = self._text.covers | ({CallPart.BODY} if self._hash else frozenset())

    @property
    def secret_places(self) -> SecretPlaces:
        """A signature is no secret: it fits one call alone."""
        return SecretPlaces()

    def open(self, call: Call, fields: Fields) -> Signing:
        """Raises Unfit when there is no signature, or its time is over."""
        found = self._spot.read(call, fields)
        if found is None:
            raise Unfit(Why.ABSENT)
        prefix, extract = self._config.prefix, self._config.extract
        parts = _parts(found, extract) if extract else ()
        texts = _texts(parts, extract) if extract else (found,)
        signatures = _after(prefix, texts) if prefix or "" in texts else texts
        if not signatures:
            raise Unfit(Why.UNREADABLE)
        stamp = self._timely(call, fields, parts) if self._stamp else ""
        if self._checks_body:
            self._check_hash(call, fields)
        return Signing(call, fields, stamp, signatures)

    def texts(self, signing: Signing, secret: bytes = b"") -> Sequence[bytes]:
        """What the signature may be over. Raises Unfit when a part of it is missing."""
        signing.secret = secret
        if self._urls is None:
            return (self._text.render(signing),)
        found = []
        for url in self._urls.forms(signing.call.url):
            signing.url = url
            found.append(self._text.render(signing))
        return found

    def _timely(self, call: Call, fields: Fields, parts: tuple[tuple[str, str], ...]) -> str:
        if self._stamp is None:
            return ""
        if self._stamp.config.part is None:
            text = self._stamp.spot.read(call, fields)
        else:
            texts = [text for name, text in parts if name == self._stamp.config.part]
            text = texts[0] if len(texts) == 1 else None
        at_s = None if text is None else seconds_of(text, self._stamp.config.unit)
        why = self._stamp.window.judge(at_s, call.received_at)
        if why is not None:
            raise Unfit(why)
        return text or ""

    def _check_hash(self, call: Call, fields: Fields) -> None:
        signs_fields = "fields_sorted" in self._text.names
        if self._hash is None:
            # Form fields are all that such a template covers; any other body would be anyone's.
            if signs_fields and call.body and not _is_form(call):
                raise Unfit(Why.BODY_NOT_COVERED)
            return
        covers_by_itself = signs_fields and _is_form(call)
        found = self._hash.spot.read(call, fields)
        if found is None and not covers_by_itself and call.body:
            raise Unfit(Why.BODY_NOT_COVERED)
        if found is not None and not self._hash.matches(found, call.body):
            raise Unfit(Why.BODY_NOT_COVERED)

    def prepare(self, call: Call, decode: Decoding, secret: bytes = b"") -> Signing:
        """For a call of ours: with its time and hash in place, ready to be signed."""
        if self._spot.query is not None and not self._text.names.isdisjoint({"url", "query"}):
            raise CannotSign("a signature that stands in what it signs can't be made")
        stamp = ""
        if self._stamp is not None:
            stamp = timestamp_text(call.received_at, self._stamp.config.unit)
            call = self._stamp.spot.write(call, stamp)
        if self._hash is not None and not _is_form(call):
            config = self._hash.config
            text = config.prefix + written(self._hash.of_body(call.body), config.encoding)
            call = self._hash.spot.write(call, text)
        if "body_with_secret" in self._text.names:
            call = self._spot.write(call, secret.decode())
        signatures = (secret.decode(),) if self._spot.field is not None else ()
        return Signing(call, lambda: decode(call), stamp, signatures)

    def seal(self, signing: Signing, raw: bytes) -> Call:
        """The prepared call with its signature in place."""
        text = self._config.prefix + written(raw, self._config.encoding)
        extract = self._config.extract
        if extract is not None and extract.name is not None:
            text = extract.name + extract.assign + text
        part = self._stamp.config.part if self._stamp else None
        if extract is not None and part is not None:
            text = part + extract.assign + signing.timestamp + extract.separator + text
        return self._spot.write(replace(signing.call), text)


def _is_form(call: Call) -> bool:
    return call.content_type.partition(";")[0].strip().lower() == FORM


def _texts(parts: tuple[tuple[str, str], ...], extract: Extract) -> tuple[str, ...]:
    if extract.name is None:
        return tuple(name + (extract.assign + text if text else "") for name, text in parts)
    return tuple(text for name, text in parts if name == extract.name)


def _after(prefix: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(t[len(prefix) :] for t in texts if t.startswith(prefix) and t != prefix)


def _parts(found: str, extract: Extract) -> tuple[tuple[str, str], ...]:
    texts = [text.strip() for text in found.split(extract.separator, _MAX_PARTS)]
    if len(texts) > _MAX_PARTS:
        raise Unfit(Why.UNREADABLE)
    cut = (text.partition(extract.assign) for text in texts if text)
    return tuple((name.strip(), text) for name, _, text in cut)
