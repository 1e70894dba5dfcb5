"""Calls and compiled authentications for the tests of this package."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from pydantic import TypeAdapter

from app.config.faults import Fault
from app.config.schema.auth import Auth, AuthTree
from app.config.secrets import SecretReader
from app.model.json import Json
from app.sources.auth import Authenticator, KeySets, build_auth
from app.sources.call import Call

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
_AUTH: TypeAdapter[AuthTree] = TypeAdapter(Auth)


class Held:
    """Texts that are held for addresses."""

    def __init__(self, **texts: str) -> None:
        self.texts: dict[str, str] = dict(texts)
        self.asked: list[str] = []
        self.sought: list[str] = []

    def current(self, url: str) -> str | None:
        self.asked.append(url)
        return self.texts.get(url)

    def look_again(self, url: str) -> None:
        self.sought.append(url)


def parsed(written: object) -> AuthTree:
    return _AUTH.validate_python(written)


def built(
    written: object,
    env: Mapping[str, str],
    *,
    preset: Mapping[str, Any] | None = None,
    key_sets: KeySets | None = None,
    base: Path = Path("/nowhere"),
    forbidden: frozenset[str] = frozenset(),
) -> tuple[Authenticator | None, list[Fault]]:
    return build_auth(
        None if written is None else parsed(written),
        secrets=SecretReader(env, base),
        key=("sources", "shop", "auth"),
        preset=preset,
        key_sets=key_sets,
        forbidden=forbidden,
    )


def auth_of(written: object, key_sets: KeySets | None = None, **env: str) -> Authenticator:
    made, faults = built(written, env, key_sets=key_sets)
    assert made is not None, [str(fault) for fault in faults]
    return made


def a_call(
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    url: str = "https://bridge.example/hooks/shop",
    method: str = "POST",
    at: datetime = NOW,
    client: str | None = "203.0.113.7",
) -> Call:
    raw_query = url.partition("?")[2]
    return Call(
        source="shop",
        method=method,
        path=url.partition("?")[0].partition("/hooks/shop")[2].lstrip("/"),
        url=url,
        raw_query=raw_query,
        query=parse_qs(raw_query, keep_blank_values=True),
        headers={name.lower(): text for name, text in (headers or {}).items()},
        body=body,
        received_at=at,
        client=client,
    )


def at(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


def decode(call: Call) -> Json:
    """As a source would, in small: JSON, else a flat form."""
    try:
        found: Json = orjson.loads(call.body)
        return found
    except orjson.JSONDecodeError:
        pairs = parse_qs(call.body.decode(errors="replace"), keep_blank_values=True)
        return {name: texts[0] if len(texts) == 1 else texts for name, texts in pairs.items()}


def why(auth: Authenticator, call: Call) -> str | None:
    """What the log would say; None for a call that is let in."""
    refusal = auth.check(call, lambda: decode(call))
    return None if refusal is None else refusal.why


def is_let_in(auth: Authenticator, call: Call) -> bool:
    return why(auth, call) is None


def spoilt(text: str) -> Iterator[str]:
    """`text` with each of its characters changed in turn."""
    for index, char in enumerate(text):
        other = "0" if char != "0" else "1"
        yield text[:index] + other + text[index + 1 :]


def spoilt_headers(call: Call, name: str) -> Iterator[Call]:
    for text in spoilt(call.headers[name]):
        yield replace(call, headers={**call.headers, name: text})


def spoilt_bodies(call: Call) -> Iterator[Call]:
    for index in range(len(call.body)):
        changed = bytes([call.body[index] ^ 1])
        yield replace(call, body=call.body[:index] + changed + call.body[index + 1 :])
    yield replace(call, body=call.body + b" ")
    yield replace(call, body=call.body[1:])


def all_refused(auth: Authenticator, calls: Iterator[Call]) -> bool:
    return not any(is_let_in(auth, call) for call in calls)


Change = Callable[[Call], Iterator[Call]]
