"""The one way of a call through its source: is it let in, what does it say."""

from dataclasses import replace

import orjson

from app.config.schema.decode import BodyForm
from app.config.schema.source import OnUndecodable
from app.expressions import Scope, Variables, make_variables
from app.kit.errors import BridgeError
from app.model.json import Json
from app.sources.auth import Refusal
from app.sources.call import Call
from app.sources.decode import Undecodable, UnsupportedMedia, decode, decode_query
from app.sources.dedup import Key, key_of, key_of_item
from app.sources.handshakes import Handshake, answer_handshake
from app.sources.items import NotApart, take_apart
from app.sources.results import ITEM_TYPE, Answered, HttpReply, Item, Refused, Taken, make_item
from app.sources.source import Source

__all__ = ["Answered", "HttpReply", "Item", "Refused", "Taken", "receive", "reread"]

# Handshakes that come before any proof are small; anybody can send a large body.
_UNPROVEN_BODY_BYTES = 8192
_NO_ITEMS = "the call holds no items"


def receive(source: Source, call: Call, scope: Scope) -> Refused | Answered | Taken:
    """Raises nothing, whatever the call holds.

    First the handshakes that need no proof, then authentication over the raw bytes, decoding,
    the other handshakes, the items and their deduplication keys.
    """
    reading = _Reading(source, call)
    if source.unproven:
        answered = reading.answer(source.unproven, scope, is_proven=False)
        if answered is not None:
            return answered
    refusal = source.authenticator.check(call, reading.fields)
    if refusal is not None:
        return _refused(refusal)
    if source.handshakes:
        answered = reading.answer(source.handshakes, scope, is_proven=True)
        if answered is not None:
            return answered
    return _take(source, call, reading, scope)


def reread(source: Source, call: Call, scope: Scope) -> Refused | Taken:
    """A call that was taken before, as it is stored, by the configuration of today: no proof is
    asked, no handshake answered. One item of a stored batch stays one item."""
    if call.content_type == ITEM_TYPE:
        return _stored_item(source, call)
    return _take(source, call, _Reading(source, call, is_stored=True), scope)


def _take(source: Source, call: Call, reading: "_Reading", scope: Scope) -> Refused | Taken:
    given = reading.given(with_body=True)
    error = reading.error
    if error is None:
        try:
            return _taken(source, call, given, scope)
        except NotApart as not_apart:
            error = not_apart
    if source.on_undecodable is OnUndecodable.REFUSE:
        return Refused(error.slug, str(error), str(error))
    reason = f"undecodable: {error}"
    item = _item(source, given, _key(source, call, given, scope), reason)
    return Taken((item,), given, undecodable=str(error))


def _taken(source: Source, call: Call, given: Variables, scope: Scope) -> Taken:
    """Raises NotApart."""
    if source.each is None:
        key = _key(source, call, given, scope) if source.dedup is not None else None
        return Taken((_item(source, given, key),), given)
    parts = take_apart(source.each, call, given, scope, source.region)
    if not parts:
        # Kept whole: an acknowledged call is never lost, also not one that holds nothing.
        return Taken((_item(source, given, None, _NO_ITEMS),), given, is_batch=True)
    items = tuple(
        _item(source, part, _item_key(source, call, part, scope, index), is_part=True)
        for index, part in enumerate(parts)
    )
    return Taken(items, given, is_batch=True)


def _item(
    source: Source,
    given: Variables,
    key: Key | None,
    reason: str | None = None,
    *,
    is_part: bool = False,
) -> Item:
    if key is None or source.dedup is None:
        return make_item(given, reason=reason, is_part=is_part)
    return Item(given, key.text, source.dedup.window_s, reason, key.note, is_part)


def _key(source: Source, call: Call, given: Variables, scope: Scope) -> Key | None:
    if source.dedup is None:
        return None
    return key_of(source.dedup, call, given, scope, source.region)


def _item_key(source: Source, call: Call, given: Variables, scope: Scope, index: int) -> Key | None:
    if source.dedup is None:
        return None
    return key_of_item(source.dedup, call, given, scope, source.region, index)


def _stored_item(source: Source, call: Call) -> Refused | Taken:
    envelope = _envelope(call.body)
    if not isinstance(envelope, dict) or "item" not in envelope:
        return Refused("undecodable", "the stored item can't be read", "its envelope is broken")
    given = _Reading(source, call, is_stored=True).given(with_body=False)
    given = replace(given, body=envelope["item"], call=envelope.get("call"))
    return Taken((Item(given, is_part=True),), given, is_batch=True)


def _envelope(body: bytes) -> Json:
    # Written by us and within the limits by then, whatever form the source's own calls have.
    try:
        envelope: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return envelope


def _refused(refusal: Refusal) -> Refused:
    detail = (
        "what is needed to check the proof is not at hand yet; call again"
        if refusal.is_temporary
        else "the caller did not prove who it is"
    )
    return Refused(refusal.slug, detail, refusal.why, refusal.challenge, refusal.retry_after_s)


class _Reading:
    """The call decoded when somebody asks for it, and then once."""

    __slots__ = (
        *("_body", "_call", "_given", "_is_decoded", "_is_stored", "_is_whole", "_source"),
        "error",
    )

    def __init__(self, source: Source, call: Call, *, is_stored: bool = False) -> None:
        self._source = source
        self._call = call
        self._is_stored = is_stored
        self._is_decoded = False
        self._body: Json = None
        self._given: Variables | None = None
        self._is_whole = False
        self.error: BridgeError | None = None

    def fields(self) -> Json:
        """The body, or None where it can't be decoded; `error` then says why."""
        if not self._is_decoded:
            self._is_decoded = True
            try:
                decoding = self._source.decoding
                # Where the query is the body, the secret in it must not come along.
                read = self._clean() if decoding.form is BodyForm.QUERY else self._call
                self._body = decode(read, decoding)
            except (Undecodable, UnsupportedMedia) as error:
                self.error = error
        return self._body

    def _clean(self) -> Call:
        clean = self._source.without_secrets(self._call)
        # The secret part of a stored path is gone: another one less would be a part of the path.
        return replace(clean, path=self._call.path) if self._is_stored else clean

    def given(self, *, with_body: bool) -> Variables:
        """What expressions see. The same object for the same call: filling a scope with it costs
        once only."""
        if self._given is None or (with_body and not self._is_whole):
            self._given = self._variables(with_body=with_body)
            self._is_whole = with_body
        return self._given

    def _variables(self, *, with_body: bool) -> Variables:
        places, call = self._source.authenticator.secret_places, self._call
        body = self.fields() if with_body else None
        # A copy of the call is made only where more than headers has to be emptied.
        clean = call if places.is_open(call) else self._clean()
        return make_variables(
            source=self._source.name,
            received=call.received_at,
            method=call.method,
            path=clean.path,
            body=body,
            call=body,
            headers=places.clean_headers(call),
            query=self._query(clean.raw_query) if clean.raw_query else {},
            is_query_proved=self._source.is_query_proved,
        )

    def _query(self, raw: str) -> dict[str, Json]:
        try:
            return decode_query(raw)
        except Undecodable as error:
            self.error = self.error or error
            return {}

    def answer(
        self, handshakes: tuple[Handshake, ...], scope: Scope, *, is_proven: bool
    ) -> Answered | Refused | None:
        call = self._call
        with_body = is_proven or (
            len(call.body) <= _UNPROVEN_BODY_BYTES and any(each.reads_body for each in handshakes)
        )
        given = self.given(with_body=with_body)
        return answer_handshake(handshakes, call, given, scope, self._source.region)
