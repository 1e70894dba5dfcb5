"""A source, compiled whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.config.schema.source import OnUndecodable
from app.model.json import Json
from app.sources.answers import CompiledAnswer
from app.sources.auth import Authenticator, CallPart, FieldPath, without_fields
from app.sources.call import Call
from app.sources.decode import DecodePlan
from app.sources.dedup import Dedup
from app.sources.handshakes import Handshake
from app.sources.items import Each

# What the variables of expressions show of a call.
_PARTS = {
    "body": CallPart.BODY,
    "call": CallPart.BODY,
    "headers": CallPart.HEADERS,
    "query": CallPart.QUERY,
    "path": CallPart.PATH,
    "method": CallPart.METHOD,
}


@dataclass(frozen=True, slots=True)
class Source:
    """`unproven` are the handshakes that are answered before the caller has proved anything,
    `handshakes` those after. `reply` None: ours. `reply_within_s` is how long the caller waits."""

    name: str
    preset: str | None
    authenticator: Authenticator = field(repr=False)
    decoding: DecodePlan
    each: Each | None
    dedup: Dedup | None
    unproven: tuple[Handshake, ...]
    handshakes: tuple[Handshake, ...]
    reply: CompiledAnswer | None
    reply_within_s: float | None
    on_undecodable: OnUndecodable
    body_limit: int
    region: str | None
    strict: bool
    is_query_proved: bool = field(init=False)
    """False where a signature leaves the query open: whoever repeats a call can change it."""

    def __post_init__(self) -> None:
        covers = self.authenticator.covers
        object.__setattr__(self, "is_query_proved", covers is None or CallPart.QUERY in covers)

    def without_secrets(self, call: Call) -> Call:
        """As it is stored: headers and parameters that hold a secret emptied, the secret part of
        the path left out. The body stays whole (see `masked_body`)."""
        return self.authenticator.secret_places.without_secrets(call)

    @property
    def secret_body_paths(self) -> tuple[str, ...]:
        """Where secrets stand in the decoded body, such as `auth.application_token`."""
        return tuple(path.text for path in self.authenticator.secret_places.fields)

    def masked_body(self, body: Json) -> Json:
        """The decoded body of a whole call, for display."""
        return without_fields(body, self.authenticator.secret_places.fields)

    def masked_item(self, envelope: Json) -> Json:
        """The same of a stored item of a batch (content type ITEM_TYPE)."""
        if not isinstance(envelope, dict):
            return envelope
        fields = self.authenticator.secret_places.fields
        item = without_fields(envelope.get("item"), [*fields, *_within_items(fields)])
        return {**envelope, "item": item, "call": self.masked_body(envelope.get("call"))}


def _within_items(paths: Iterable[FieldPath]) -> Iterator[FieldPath]:
    """`value[*].clientState` of the call is `clientState` of an item."""
    for path in paths:
        for index, step in enumerate(path.steps[:-1]):
            if step == "*":
                yield FieldPath.of(".".join(path.steps[index + 1 :]))


def uncovered(source: Source, variables: frozenset[str]) -> frozenset[str]:
    """The parts of a call that `variables` show and the source's signature leaves open:
    whoever repeats a signed call can change them. None where the proof is no signature, as then
    nobody but the holder of the secret makes a call at all."""
    covers = source.authenticator.covers
    if covers is None:
        return frozenset()
    shown = {part for name, part in _PARTS.items() if name in variables}
    return frozenset(part.value for part in shown - covers)
