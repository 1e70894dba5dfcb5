"""A shell command that calls a source as its system would, and makes the proof itself.

No secret is read for it: it names the variables and files that hold them.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from app.config.schema.auth import AuthTree, Scheme
from app.config.schema.place import Encoding, KeyEncoding, Timestamp, TimestampUnit
from app.config.schema.secret import SecretRef
from app.config.schema.signature import Digest, Hmac, Signed, StandardWebhooks
from app.config.schema.template import Placeholder
from app.sources.auth.spot import CannotSign, Spot
from app.sources.call import Call

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NOW = {
    TimestampUnit.SECONDS: "$(date +%s)",
    TimestampUnit.MILLISECONDS: "$(date +%s)000",
    TimestampUnit.ISO: "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
}
_AS_HEX = "od -An -vtx1 | tr -d ' \\n'"
_WRITTEN = {
    Encoding.HEX: _AS_HEX,
    Encoding.BASE64: "base64 -w0",
    Encoding.BASE64URL: "base64 -w0 | tr '+/' '-_'",
}


class NotInShell(Exception):
    """That proof can't be made by the tools of a shell. `why` is for people."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def curl(call: Call, auth: AuthTree | None) -> str:
    """The lines of the command. Raises NotInShell."""
    making = _Making(call)
    for scheme in _chosen(auth):
        making.prove(scheme)
    return making.text()


def _chosen(auth: Scheme | None) -> Iterable[Scheme]:
    """Of several ways of which one suffices, the first."""
    if auth is None:
        return
    if getattr(auth, "none", None):
        return
    if any_ := getattr(auth, "any", None):
        yield from _chosen(any_[0])
    elif all_ := getattr(auth, "all", None):
        for each in all_:
            yield from _chosen(each)
    else:
        yield auth


@dataclass
class _Making:
    """What only the shell knows stands in `call` as a mark, which is a word without meaning."""

    call: Call
    before: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    _marks: dict[str, str] = field(default_factory=dict)

    def prove(self, scheme: Scheme) -> None:
        way = scheme.way
        if scheme.bearer:
            self._put(Spot(header="authorization"), "Bearer " + self._secret(scheme.bearer))
        elif scheme.api_key:
            key = scheme.api_key
            self._put(Spot.of(key), key.prefix + self._secret(key.value))
        elif scheme.query_secret:
            secret = self._secret(scheme.query_secret.value)
            self._put(Spot(query=scheme.query_secret.name), secret)
        elif scheme.path_secret:
            path = "/".join(filter(None, (self._secret(scheme.path_secret), self.call.path)))
            self.call = replace(self.call, path=path)
        elif scheme.basic:
            user = scheme.basic[0]
            given = self._shell(f"{user.username}:{self._secret(user.password)}")
            self.options.append(f"-u {given}")
        elif scheme.hmac:
            self._sign_by_hmac(scheme.hmac)
        elif scheme.digest:
            self._sign_by_digest(scheme.digest)
        elif scheme.standard_webhooks:
            self._sign_by_standard(scheme.standard_webhooks)
        elif not scheme.ip:
            raise NotInShell(f"a proof by `{way}` can't be made in a shell")

    def text(self) -> str:
        url = self.call.url.partition("?")[0].removesuffix("/")
        base = url[: url.index("/hooks/")] + f"/hooks/{self.call.source}"
        path = f"/{self.call.path}" if self.call.path else ""
        query = f"?{self.call.raw_query}" if self.call.raw_query else ""
        parts = [f"curl -i -X {self.call.method} {self._shell(base + path + query)}", *self.options]
        parts += [
            f"-H {self._shell(f'{_as_written(name)}: {text}')}"
            for name, text in self.call.headers.items()
        ]
        if self.call.body:
            given = '"$body"' if self._has_body_line else self._shell(self._body())
            parts.append(f"--data-binary {given}")
        return "\n".join([*self.before, " \\\n    ".join(parts)])

    @property
    def _has_body_line(self) -> bool:
        return any(line.startswith("body=") for line in self.before)

    def _body(self) -> str:
        try:
            return self.call.body.decode()
        except UnicodeDecodeError:
            raise NotInShell("the body is no text") from None

    def _put(self, spot: Spot, text: str) -> None:
        try:
            self.call = spot.write(self.call, text)
        except CannotSign as error:
            raise NotInShell(str(error)) from None

    def _secret(self, refs: tuple[SecretRef, ...]) -> str:
        return self._mark(_held_by(refs[0]))

    def _mark(self, expression: str) -> str:
        mark = f"Z{len(self._marks)}MARKZ"
        self._marks[mark] = expression
        return mark

    def _shell(self, text: str) -> str:
        """One word of the shell, in which the marks are what they stand for."""
        if not any(mark in text for mark in self._marks):
            return shlex.quote(text)
        quoted = re.sub(r'([\\"$`])', r"\\\1", text)
        for mark, expression in self._marks.items():
            quoted = quoted.replace(mark, expression)
        return f'"{quoted}"'

    def _stamp(self, stamp: Timestamp | None) -> str:
        """A mark for the time, in the place where the signature's own is not."""
        if stamp is None:
            return ""
        self.before.append(f"time={_NOW[stamp.unit]}")
        mark = self._mark("$time")
        if stamp.part is None:
            self._put(Spot.of(stamp), mark)
        return mark

    def _signed_text(self, config: Signed, stamp: str, secret: str = "") -> str:
        self._keep_body()
        known = {
            "body": self._mark("$body"),
            "timestamp": stamp,
            "method": self.call.method,
            "url": self.call.url,
            "secret": secret,
        }
        found = []
        for piece in config.pieces():
            if isinstance(piece, Placeholder):
                if piece.argument is not None or piece.name not in known:
                    raise NotInShell("what it signs can't be put together in a shell")
                found.append(known[piece.name])
            else:
                found.append(piece)
        return self._shell("".join(found))

    def _keep_body(self) -> None:
        if not self._has_body_line:
            self.before.append(f"body={self._shell(self._body())}")

    def _seal(self, config: Signed, stamp: str, command: str) -> None:
        if config.body_hash is not None:
            raise NotInShell("what it signs can't be put together in a shell")
        self.before.append(f"proof=$({command} | {_WRITTEN[config.encoding]})")
        text = config.prefix + self._mark("$proof")
        extract = config.extract
        if extract is not None and extract.name is not None:
            text = extract.name + extract.assign + text
        if extract is not None and config.timestamp and config.timestamp.part is not None:
            text = config.timestamp.part + extract.assign + stamp + extract.separator + text
        self._put(Spot.of(config.signature), text)

    def _sign_by_hmac(self, config: Hmac) -> None:
        stamp = self._stamp(config.timestamp)
        text = self._signed_text(config, stamp)
        key = _hmac_key(_held_by(config.key[0]), config.key_encoding)
        command = f"printf '%s' {text} | openssl dgst -{config.algorithm} {key} -binary"
        self._seal(config, stamp, command)

    def _sign_by_digest(self, config: Digest) -> None:
        stamp = self._stamp(config.timestamp)
        text = self._signed_text(config, stamp, self._secret(config.secret))
        command = f"printf '%s' {text} | openssl dgst -{config.algorithm} -binary"
        self._seal(config, stamp, command)

    def _sign_by_standard(self, config: StandardWebhooks) -> None:
        if config.secret is None:
            raise NotInShell("a proof by a key pair can't be made in a shell")
        self._keep_body()
        id_ = self.call.headers.get(f"{config.prefix[0]}id", "msg_example")
        self.before += [
            "time=$(date +%s)",
            f'secret="{_held_by(config.secret[0])}"',
            f"key=$(printf '%s' \"${{secret#whsec_}}\" | base64 -d | {_AS_HEX})",
            f"proof=$(printf '%s' {self._shell(id_)}\".$time.$body\" "
            '| openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 -w0)',
        ]
        for name, text in (
            ("id", id_),
            ("timestamp", self._mark("$time")),
            ("signature", "v1," + self._mark("$proof")),
        ):
            self._put(Spot(header=f"{config.prefix[0]}{name}"), text)


def _held_by(ref: SecretRef) -> str:
    """What the shell puts in its place, within double quotes."""
    if ref.file is not None:
        return f"$(cat {shlex.quote(ref.file)})"
    name = ref.env or ""
    return f"${{{name}}}" if _NAME.match(name) else f"$(printenv {shlex.quote(name)})"


def _hmac_key(held: str, encoding: KeyEncoding) -> str:
    if encoding is KeyEncoding.TEXT:
        return f'-hmac "{held}"'
    if encoding is KeyEncoding.HEX:
        return f'-mac HMAC -macopt "hexkey:{held}"'
    return f'-mac HMAC -macopt "hexkey:$(printf \'%s\' "{held}" | base64 -d | {_AS_HEX})"'


def _as_written(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))
