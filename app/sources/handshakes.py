"""Calls by which a system checks the address: they are answered, not kept, and start nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.config.document import KeyPath
from app.config.schema.reply import Handshake as HandshakeConfig
from app.config.schema.reply import Verify
from app.config.schema.secret import SecretRef
from app.config.secrets import SecretMissing, SecretReader
from app.expressions import Expression, ExpressionFailed, Scope, Variables
from app.kit.secret import Secret
from app.sources.answers import CompiledAnswer, Seen, build_answer, render
from app.sources.call import Call
from app.sources.checking import Checking
from app.sources.results import Answered, Refused


@dataclass(frozen=True, slots=True)
class Proof:
    """A parameter of the call, in the query or a header, that must be one of `secrets`."""

    query: str | None
    header: str | None
    secrets: tuple[Secret, ...] = field(repr=False)

    def is_in(self, call: Call) -> bool:
        found = self._given(call)
        # All are compared, so that the time tells nothing of which one is near.
        return found is not None and any([secret.equals(found) for secret in self.secrets])

    def _given(self, call: Call) -> str | None:
        if self.header is not None:
            return call.headers.get(self.header)
        texts = call.query.get(self.query or "", ())
        return texts[0] if len(texts) == 1 else None


@dataclass(frozen=True, slots=True)
class Handshake:
    name: str
    when: Expression
    is_authenticated: bool
    proof: Proof | None
    answer: CompiledAnswer

    @property
    def reads_body(self) -> bool:
        return not {"body", "call"}.isdisjoint((self.when.reads | self.answer.reads).names)


def answer_handshake(
    handshakes: Sequence[Handshake], call: Call, given: Variables, scope: Scope, region: str | None
) -> Answered | Refused | None:
    """The answer of the first whose condition holds; None when the call is none of them."""
    for handshake in handshakes:
        if _holds(handshake.when, given, scope, region):
            return _answer(handshake, call, Seen(given, scope, region))
    return None


def _holds(when: Expression, given: Variables, scope: Scope, region: str | None) -> bool:
    try:
        scope.fill(given, when.needs, region)
        return when.holds(scope)
    except ExpressionFailed:
        # A key that is missing: an ordinary call, not this handshake.
        return False


def _answer(handshake: Handshake, call: Call, seen: Seen) -> Answered | Refused:
    if handshake.proof is not None and not handshake.proof.is_in(call):
        why = f"handshake {handshake.name}: its secret is missing or another"
        return Refused("unauthenticated", "the caller did not prove who it is", why)
    try:
        return Answered(render(handshake.answer, seen), handshake.name)
    except ExpressionFailed as error:
        why = f"handshake {handshake.name}: {error}"
        return Refused("bad_request", "the handshake lacks what its answer needs", why)


@dataclass(frozen=True, slots=True)
class Keys:
    """`signing` signs answers, `verify_token` is what the caller must repeat."""

    reader: SecretReader
    signing: Secret | None
    verify_token: tuple[SecretRef, ...] | None


def build_handshakes(
    given: Iterable[HandshakeConfig], checking: Checking, keys: Keys
) -> tuple[Handshake, ...]:
    return tuple(_build(given, checking, keys))


def _build(given: Iterable[HandshakeConfig], checking: Checking, keys: Keys) -> Iterator[Handshake]:
    for index, one in enumerate(given):
        path: KeyPath = ("handshakes", index)
        when = checking.compile(one.when, *path, "when")
        proof = _proof(one.verify, checking, keys, path) if one.verify else None
        answer = build_answer(one.reply, checking, (*path, "reply"), keys.signing, of_event=False)
        if when is not None:
            name = one.name or str(index + 1)
            yield Handshake(name, when, one.authenticated, proof, answer)


def _proof(verify: Verify, checking: Checking, keys: Keys, path: KeyPath) -> Proof | None:
    own = verify.secret is not None
    refs = verify.secret if own else keys.verify_token
    place: KeyPath = (*path, "verify", "secret") if own else ("verify_token",)
    if refs is None:
        hint = "choose a random text, enter the same in that system, and refer to it here"
        checking.fault("is required: the caller repeats it to check the address", *place, hint=hint)
        return None
    try:
        secrets = keys.reader.all(refs)
    except SecretMissing as missing:
        checking.fault(str(missing), *place, hint=missing.hint)
        return None
    return Proof(verify.query, verify.header.lower() if verify.header else None, secrets)
