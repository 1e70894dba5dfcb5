"""What was counted since it was last told of, as the store keeps it."""

from app.model.tally import Tally, TallyKind
from app.observe.board import Key
from app.observe.counts import Counts
from app.observe.metrics import ATTEMPTS, CALLS, ENDED, REFUSED, RULES

_KINDS = {
    CALLS.name: TallyKind.CALL,
    REFUSED.name: TallyKind.CALL,
    RULES.name: TallyKind.RULE,
    ATTEMPTS.name: TallyKind.ATTEMPT,
    ENDED.name: TallyKind.ENDED,
}
_HELD = "held"


class Untold:
    """Of this process alone. What a killed process did not tell, up to some seconds, is lost to
    the tally, and to it alone: no call or delivery depends on it."""

    def __init__(self, counts: Counts) -> None:
        self._slot = counts.slot
        # A process that takes another's place has not counted what stands there.
        self._told = self._given = self._now()

    def tallies(self) -> list[Tally]:
        """In an order that is the same for all processes, and no longer than what is counted has
        names, however long nobody could be told."""
        self._given = self._now()
        found: dict[tuple[TallyKind, str, str], int] = {}
        for key, count in self._given.items():
            fresh = int(count - self._told.get(key, 0))
            if fresh:
                of = _tally_of(key)
                found[of] = found.get(of, 0) + fresh
        return [Tally(*of, count) for of, count in sorted(found.items())]

    def told(self) -> None:
        """What `tallies` gave the last time."""
        self._told = self._given

    def _now(self) -> dict[Key, float]:
        numbers = self._slot.numbers
        return {key: numbers[at] for key, at in self._slot.named() if key.metric in _KINDS}


def _tally_of(key: Key) -> tuple[TallyKind, str, str]:
    label = _HELD if key.metric == RULES.name else key.labels[-1]
    return _KINDS[key.metric], key.labels[0], label
