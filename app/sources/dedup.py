"""The key by which a repeated call is known."""

import hashlib
from dataclasses import dataclass

import orjson

from app.config.schema.source import Dedup as DedupConfig
from app.expressions import Expression, ExpressionFailed, Scope, Variables
from app.kit.light import light
from app.model.json import Json
from app.sources.call import Call
from app.sources.checking import Checking

# Keys are indexed; a longer one is as good by its digest.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Dedup:
    """Exactly one of `value`, `header` (its name in lower case) and `body`."""

    value: Expression | None = None
    header: str | None = None
    body: bool = False
    window_s: float | None = None

    @property
    def reads(self) -> frozenset[str]:
        if self.value is not None:
            return self.value.reads.names
        return frozenset({"headers"} if self.header else {"body"})


@light
class Key:
    """`text` None: no key, and `note` says why."""

    text: str | None
    note: str | None = None


def build_dedup(given: DedupConfig | str | None, checking: Checking) -> Dedup | None:
    if given is None:
        return None
    if isinstance(given, str):
        value = checking.compile(given, "dedup")
        return None if value is None else Dedup(value)
    value = checking.compile(given.value, "dedup", "value") if given.value else None
    if given.value and value is None:
        return None
    header = given.header.lower() if given.header else None
    return Dedup(value, header, given.body, given.window)


def key_of(dedup: Dedup, call: Call, given: Variables, scope: Scope, region: str | None) -> Key:
    """The key of a call that is one event, or of an item where `value` is an expression."""
    if dedup.value is not None:
        return _of_value(dedup.value, given, scope, region)
    if dedup.header is not None:
        return _of_header(dedup.header, call)
    return Key(_digest(call.body))


def key_of_item(
    dedup: Dedup, call: Call, given: Variables, scope: Scope, region: str | None, index: int
) -> Key:
    if dedup.value is not None:
        return _of_value(dedup.value, given, scope, region)
    if dedup.header is not None:
        key = _of_header(dedup.header, call)
        # All items come under one header: without their place the second were the first again.
        return key if key.text is None else Key(_bounded(f"{key.text}#{index}"))
    return Key(_digest(_canonical(given.body)))


def _of_value(value: Expression, given: Variables, scope: Scope, region: str | None) -> Key:
    try:
        scope.fill(given, value.needs, region)
        found = value.evaluate(scope)
    except ExpressionFailed as error:
        return Key(None, f"no deduplication: {value.text}: {error}")
    text = found if isinstance(found, str) else "" if found is None else _canonical(found).decode()
    if not text:
        return Key(None, f"no deduplication: {value.text} is empty")
    return Key(_bounded(text))


def _of_header(name: str, call: Call) -> Key:
    text = call.headers.get(name)
    return Key(_bounded(text)) if text else Key(None, f"no deduplication: no header {name}")


def _bounded(text: str) -> str:
    # PostgreSQL takes no NUL in a text.
    if len(text) <= _LONGEST and "\0" not in text:
        return text
    return _digest(text.encode(errors="replace"))


def _digest(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def _canonical(given: Json) -> bytes:
    return orjson.dumps(given, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
