"""Makes each way of proof out of its configuration; None when a fault keeps it from being made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.verification import Store

from app.config.schema.auth import ApiKey as ApiKeyConfig
from app.config.schema.auth import Basic as BasicConfig
from app.config.schema.auth import Ip, QuerySecret
from app.config.schema.jwt import Jwt
from app.config.schema.place import KeyEncoding
from app.config.schema.secret import SecretRef
from app.config.schema.signature import (
    Certificate,
    CertificateByUrl,
    Digest,
    Hmac,
    PublicKey,
)
from app.config.schema.signature import StandardWebhooks as StandardWebhooksConfig
from app.sources.auth import certificates, standard_webhooks, token_keys
from app.sources.auth.address import Address
from app.sources.auth.basic import Basic, credentials
from app.sources.auth.encodings import key_bytes
from app.sources.auth.envelope import Envelope
from app.sources.auth.key_sets import Addresses, KeySets
from app.sources.auth.keyed import Keyed, by_digest, by_hmac
from app.sources.auth.material import Material, Where, written_here
from app.sources.auth.public_keys import KeyPair, Verify, read_public_key, verifier
from app.sources.auth.scheme import Scheme
from app.sources.auth.spot import Spot
from app.sources.auth.standard_webhooks import StandardWebhooks
from app.sources.auth.tokens import ApiKey, Bearer, PathSecret
from app.sources.auth.web_tokens import WebToken
from app.sources.auth.window import Window

_PATH_SAFE = re.compile(r"[A-Za-z0-9._~-]+")
_NO_FETCHING = "keys at an address can't be fetched here"


@dataclass(frozen=True, slots=True)
class Makers:
    material: Material
    key_sets: KeySets | None

    def bearer(self, refs: tuple[SecretRef, ...], where: Where) -> Scheme | None:
        secrets = self._texts(refs, where)
        return Bearer(secrets) if secrets else None

    def basic(self, users: tuple[BasicConfig, ...], where: Where) -> Scheme | None:
        known: list[bytes] = []
        for index, user in enumerate(users):
            place = where.item(index, len(users)) / "password"
            passwords = self.material.secrets(user.password, place)
            known += credentials(user.username, [secret.reveal() for secret in passwords])
        return Basic(tuple(known)) if known else None

    def api_key(self, config: ApiKeyConfig, where: Where) -> Scheme | None:
        secrets = self._texts(config.value, where / "value")
        return ApiKey(Spot.of(config), config.prefix, secrets) if secrets else None

    def query_secret(self, config: QuerySecret, where: Where) -> Scheme | None:
        secrets = self._texts(config.value, where / "value")
        return ApiKey(Spot(query=config.name), "", secrets, "query_secret") if secrets else None

    def path_secret(self, refs: tuple[SecretRef, ...], where: Where) -> Scheme | None:
        expected = "of letters, digits and - . _ ~ alone, as a URL needs it"
        secrets = self.material.keys(
            refs,
            where,
            lambda text: text.encode() if _PATH_SAFE.fullmatch(text) else None,
            expected,
        )
        return PathSecret(secrets) if secrets else None

    def _texts(self, refs: tuple[SecretRef, ...], where: Where) -> tuple[bytes, ...]:
        return self.material.keys(refs, where, str.encode, "a text")

    def _keys(
        self, refs: tuple[SecretRef, ...], where: Where, encoding: KeyEncoding
    ) -> tuple[bytes, ...]:
        return self.material.keys(
            refs, where, lambda text: key_bytes(text, encoding), f"in {encoding}"
        )

    def hmac(self, config: Hmac, where: Where) -> Scheme | None:
        keys = self._keys(config.key, where / "key", config.key_encoding)
        if not keys:
            return None
        prove = by_hmac(config.algorithm)
        return Keyed("hmac", Envelope(config), prove, config.encoding, is_in_text=False, keys=keys)

    def digest(self, config: Digest, where: Where) -> Scheme | None:
        keys = self._texts(config.secret, where / "secret")
        if not keys:
            return None
        prove = by_digest(config.algorithm)
        return Keyed("digest", Envelope(config), prove, config.encoding, is_in_text=True, keys=keys)

    def standard_webhooks(self, config: StandardWebhooksConfig, where: Where) -> Scheme | None:
        prefixes = tuple(prefix.lower() for prefix in config.prefix)
        window = Window(config.past, config.future)
        if config.secret is not None:
            expected = "base64 after `whsec_`"
            keys = self.material.keys(
                config.secret, where / "secret", standard_webhooks.shared_key, expected
            )
            return StandardWebhooks(prefixes, window, keys) if keys else None
        texts = self._public(config.public_key, config.public_key_text, "public_key", where)
        public = self.material.converted(texts, standard_webhooks.public_key)
        return StandardWebhooks(prefixes, window, public_keys=public) if public else None

    def jwt(self, config: Jwt, where: Where) -> Scheme | None:
        if config.jwks_url is not None:
            if self.key_sets is None:
                hint = "give the keys as `jwks: {file: PATH}`"
                self.material.fault(where / "jwks_url", _NO_FETCHING, hint=hint)
                return None
            self.material.addresses.append(Addresses(named=frozenset({config.jwks_url})))
            return WebToken(config, token_keys.FetchedKeys(config.jwks_url, self.key_sets))
        keys = self._token_keys(config, where)
        return WebToken(config, token_keys.FixedKeys(keys)) if keys else None

    def _token_keys(self, config: Jwt, where: Where) -> tuple[token_keys.Key, ...]:
        if config.secret is not None:
            place = where / "secret"
            raw = self._keys(config.secret, place, config.key_encoding)
            return self.material.converted(((key, place) for key in raw), token_keys.shared_key)
        if config.jwks is not None:
            sets = self.material.texts((config.jwks,), where / "jwks")
            found = self.material.converted(sets, token_keys.read_key_set)
            return found[0] if found else ()
        pems = self._public(config.public_key, config.public_key_text, "public_key", where)
        return self.material.converted(pems, token_keys.read_key)

    def public_key(self, config: PublicKey, where: Where) -> Scheme | None:
        def read(text: str) -> Verify:
            key = read_public_key(text, config.kind)
            return verifier(key, config, ecdsa_raw=config.ecdsa_raw)

        texts = self._public(config.key, config.key_text, "key", where)
        keys = self.material.converted(texts, read)
        return KeyPair(Envelope(config), config.encoding, keys) if keys else None

    def _public(
        self,
        refs: tuple[SecretRef, ...] | None,
        texts: tuple[str, ...] | None,
        name: str,
        where: Where,
    ) -> Iterator[tuple[str, Where]]:
        if refs is not None:
            return self.material.texts(refs, where / name)
        return written_here(texts or (), where / f"{name}_text")

    def certificate(self, config: Certificate, where: Where) -> Scheme | None:
        source = (
            self._by_url(config, config.by_url, where / "by_url")
            if config.by_url is not None
            else self._pinned(config, where / "pem")
        )
        return certificates.Certified(Envelope(config), config, source) if source else None

    def _pinned(self, config: Certificate, where: Where) -> certificates.Pinned | None:
        def read(text: str) -> tuple[x509.Certificate, Verify]:
            leaf = certificates.read_certificates(text)[0]
            return leaf, verifier(certificates.certificate_key(leaf), config)

        known = self.material.converted(self.material.texts(config.pem or (), where), read)
        return certificates.Pinned(known) if known else None

    def _by_url(
        self, config: Certificate, by_url: CertificateByUrl, where: Where
    ) -> certificates.ByUrl | None:
        texts = self.material.texts((by_url.roots,), where / "roots")
        roots = self.material.converted(
            texts, lambda text: Store(certificates.read_certificates(text))
        )
        if self.key_sets is None:
            self.material.fault(where, _NO_FETCHING, hint="give the certificate with `pem`")
        if not roots or self.key_sets is None:
            return None
        self.material.addresses.append(Addresses(hosts=frozenset(by_url.hosts)))
        return certificates.ByUrl(by_url, config, roots[0], self.key_sets)

    def ip(self, config: Ip, where: Where) -> Scheme | None:
        return Address(tuple(config.allow))
