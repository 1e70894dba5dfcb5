"""Several ways of proof: one of them suffices, or each must hold."""

from collections.abc import Iterable, Sequence

from app.sources.auth.places import CallPart, SecretPlaces, joined
from app.sources.auth.refusal import UNAUTHENTICATED, Refusal
from app.sources.auth.scheme import Scheme
from app.sources.auth.spot import CannotSign, Decoding, Fields
from app.sources.call import Call


def _coverage(schemes: Iterable[Scheme]) -> list[frozenset[CallPart]]:
    return [scheme.covers for scheme in schemes if scheme.covers is not None]


class AnyOf:
    """What the weakest signature among them covers is covered."""

    def __init__(self, schemes: Sequence[Scheme]) -> None:
        self._schemes = tuple(schemes)
        covered = _coverage(schemes)
        self.covers = frozenset.intersection(*covered) if covered else None
        self.secret_places: SecretPlaces = joined(scheme.secret_places for scheme in schemes)

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        refusals = []
        for scheme in self._schemes:
            refusal = scheme.check(call, fields)
            if refusal is None:
                return None
            refusals.append(refusal)
        return _together(refusals)

    def sign(self, call: Call, decode: Decoding) -> Call:
        """With the first that can."""
        reasons = []
        for scheme in self._schemes:
            try:
                return scheme.sign(call, decode)
            except CannotSign as error:
                reasons.append(str(error))
        raise CannotSign("; ".join(reasons))


def _together(refusals: Sequence[Refusal]) -> Refusal:
    # Had the keys been there, the call might have come in: then it is worth another try.
    temporary = next((refusal for refusal in refusals if refusal.is_temporary), None)
    why = "; ".join(refusal.why for refusal in refusals)
    if temporary is not None:
        return Refusal(temporary.slug, why, None, temporary.retry_after_s)
    challenges = dict.fromkeys(r.challenge for r in refusals if r.challenge is not None)
    return Refusal(UNAUTHENTICATED, why, ", ".join(challenges) or None)


class AllOf:
    def __init__(self, schemes: Sequence[Scheme]) -> None:
        self._schemes = tuple(schemes)
        covered = _coverage(schemes)
        self.covers = frozenset.union(*covered) if covered else None
        self.secret_places: SecretPlaces = joined(scheme.secret_places for scheme in schemes)

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        temporary = None
        for scheme in self._schemes:
            refusal = scheme.check(call, fields)
            if refusal is not None and not refusal.is_temporary:
                return refusal
            temporary = temporary or refusal
        return temporary

    def sign(self, call: Call, decode: Decoding) -> Call:
        """Signatures last: they are over what the others put into the call."""
        for scheme in sorted(self._schemes, key=lambda scheme: scheme.covers is not None):
            call = scheme.sign(call, decode)
        return call
