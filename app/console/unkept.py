"""Calls that left no event, beside what their source expects."""

from collections.abc import Iterator, Mapping, Sequence

from app.kit.light import light
from app.model.unkept import UnkeptCall
from app.set_up.proofs import Proof, Proofs
from app.sources.auth.refusal import Why

_WHYS: Mapping[str, str] = {why.value: why.name.lower() for why in Why}


@light
class Reason:
    """`name` is that of a text of ours; None: `text` says it, in English. `scheme` is the way of
    proof that did not hold."""

    name: str | None
    text: str
    scheme: str | None = None


@light
class Came:
    """What stands in the place of a proof: masked; None: nothing."""

    proof: Proof
    found: str | None


@light
class Unkept:
    call: UnkeptCall
    reasons: Sequence[Reason]
    came: Sequence[Came]


def shown_unkept(call: UnkeptCall, expected: Proofs) -> Unkept:
    is_of_proof = call.slug == "unauthenticated"
    came = [Came(one, _found(one, call)) for one in expected.of] if is_of_proof else []
    return Unkept(call, list(_reasons(call)) if call.is_refused else [], came)


def _reasons(call: UnkeptCall) -> Iterator[Reason]:
    for part in (call.why or "").split("; "):
        scheme, _, why = part.rpartition(": ")
        if why in _WHYS:
            yield Reason(_WHYS[why], why, scheme)
        elif part:
            yield Reason(None, part)


def _found(proof: Proof, call: UnkeptCall) -> str | None:
    path, _, query = call.path.partition("?")
    if proof.way == "path_secret":
        return path or None
    kind, _, name = (proof.place or "").partition(" ")
    match kind:
        case "header":
            return call.headers.get(name.lower())
        case "query":
            pairs = dict(pair.partition("=")[::2] for pair in query.split("&"))
            return pairs.get(name)
        case _:
            return None
