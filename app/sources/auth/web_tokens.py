"""JSON Web Tokens, in a header or as the body."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace

import orjson
from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from app.config.schema.jwt import BodyClaim, Jwt
from app.model.json import Json
from app.sources.auth.encodings import canonical, normal, written
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.rendering import Unfit
from app.sources.auth.spot import CannotSign, Decoding, Fields
from app.sources.auth.token_keys import FixedKeys, Key, Keys
from app.sources.call import Call

_NAME = "jwt"
_OURS_LIVE_S = 60


class _Registry(jws.JWSRegistry):
    max_header_length = 4096
    max_payload_length = 1024**2


class WebToken:
    """Which algorithms may sign is the file's word, never the token's: a key is only tried with
    those, so that neither `none` nor a public key taken for a shared secret gets in."""

    def __init__(self, config: Jwt, keys: Keys) -> None:
        self._config = config
        self._keys = keys
        self._header = config.header.lower()
        self._prefix = f"{config.scheme} " if config.scheme else ""
        self._algorithms = [algorithm.value for algorithm in config.algorithms]
        self._registry = _Registry(algorithms=self._algorithms, strict_check_header=False)
        self._options = _claims_options(config)
        covers_body = config.body or config.body_hash is not None
        self.covers = frozenset({CallPart.BODY}) if covers_body else None
        is_bearer = not config.body and self._header == "authorization"
        self._challenge = 'Bearer realm="hooks"' if is_bearer else None

    @property
    def secret_places(self) -> SecretPlaces:
        return SecretPlaces() if self._config.body else SecretPlaces(frozenset({self._header}))

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        try:
            payload = self._verified(self._token(call))
            self._check_claims(payload, call)
        except Unfit as unfit:
            return refuse(_NAME, unfit.why, self._challenge)
        return None

    def _token(self, call: Call) -> bytes:
        if self._config.body:
            return call.body.strip()
        header = call.headers.get(self._header)
        if header is None:
            raise Unfit(Why.ABSENT)
        if header[: len(self._prefix)].lower() != self._prefix.lower() or not header.isascii():
            raise Unfit(Why.UNREADABLE)
        return header[len(self._prefix) :].strip(" ").encode()

    def _verified(self, token: bytes) -> bytes:
        try:
            signed = jws.extract_compact(token, registry=self._registry)
            header = signed.headers()
        except (JoseError, ValueError, TypeError, RecursionError):
            raise Unfit(Why.UNREADABLE) from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise Unfit(Why.WRONG)
        keys = self._keys.current()
        for key in keys:
            if (kid is None or key.kid in (None, kid)) and self._matches(signed, key):
                return signed.payload
        if kid is None or all(key.kid != kid for key in keys):
            # The sender may have taken a new key into use.
            self._keys.look_again()
        raise Unfit(Why.WRONG)

    def _matches(self, signed: jws.CompactSignature, key: Key) -> bool:
        try:
            return jws.validate_compact(signed, key, registry=self._registry)
        except (JoseError, ValueError, TypeError):
            return False

    def _check_claims(self, payload: bytes, call: Call) -> None:
        try:
            claims = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise Unfit(Why.UNREADABLE) from None
        if not isinstance(claims, dict):
            raise Unfit(Why.UNREADABLE)
        now, leeway = int(call.received_at.timestamp()), int(self._config.leeway)
        try:
            jwt.JWTClaimsRegistry(now, leeway, **self._options).validate(claims)
        except ExpiredTokenError:
            raise Unfit(Why.EXPIRED) from None
        except JoseError:
            raise Unfit(Why.CLAIMS) from None
        if self._config.body_hash is not None:
            _check_body(self._config.body_hash, claims, call.body)

    def sign(self, call: Call, decode: Decoding) -> Call:
        key = self._keys.current()[0] if isinstance(self._keys, FixedKeys) else None
        if not isinstance(key, OctKey):
            raise CannotSign("jwt: only the sender has the private key")
        header = {"alg": self._algorithms[0]}
        token = jwt.encode(header, self._claims_of_ours(call), key, self._algorithms)
        if self._config.body:
            return replace(call, body=token.encode())
        return replace(call, headers={**call.headers, self._header: self._prefix + token})

    def _claims_of_ours(self, call: Call) -> dict[str, Json]:
        now = int(call.received_at.timestamp())
        claims: dict[str, Json] = {name: "bridge" for name in self._config.require}
        if self._config.body:
            claims |= _object(call.body)
        claims |= {name: texts[0] for name, texts in self._config.claims.items()}
        claims |= {"iat": now, "exp": now + _OURS_LIVE_S}
        claims |= {"nbf": now} if "nbf" in claims else {}
        claims |= {"iss": self._config.issuer[0]} if self._config.issuer else {}
        claims |= {"aud": self._config.audience[0]} if self._config.audience else {}
        if self._config.body_hash is not None:
            hash_ = self._config.body_hash
            claims[hash_.claim] = written(_hash(hash_, call.body), hash_.encoding)
        return claims


def _claims_options(config: Jwt) -> dict[str, jwt.ClaimsOption]:
    options: dict[str, jwt.ClaimsOption] = {name: {"essential": True} for name in config.require}
    allowed = {**config.claims}
    allowed |= {"aud": config.audience} if config.audience else {}
    allowed |= {"iss": config.issuer} if config.issuer else {}
    for name, texts in allowed.items():
        options[name] = {"essential": True, "values": list(texts)}
    return options


def _object(body: bytes) -> dict[str, Json]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise CannotSign("jwt: the body must be a JSON object to become a token")
    return found


def _hash(config: BodyClaim, body: bytes) -> bytes:
    return hashlib.new(config.algorithm, body, usedforsecurity=False).digest()


def _check_body(config: BodyClaim, claims: Mapping[str, Json], body: bytes) -> None:
    given = claims.get(config.claim)
    expected = canonical(_hash(config, body), config.encoding)
    if not isinstance(given, str) or not hmac.compare_digest(
        expected, normal(given, config.encoding)
    ):
        raise Unfit(Why.BODY_NOT_COVERED)
