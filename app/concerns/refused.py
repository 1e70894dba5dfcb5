"""Sources whose calls are refused, all of them, as the tally has it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.model.concern import Advice, Concern, ConcernKind, Severity
from app.model.tally import TallyKind, TallySum
from app.observe.counts import TAKEN, UNKNOWN
from app.outbox import TalliesAsked

MOST_SUMS = 20_000
LOOKED_BACK = timedelta(hours=1)
REFUSED_FOR = timedelta(minutes=2)
REFUSED_CALLS = 5
_STEP_S = 120
# Ours, not the caller's.
_NOT_STORED = ("store_unavailable", "busy", "stopping", "internal", "temporarily_unavailable")


def asked(now: datetime) -> TalliesAsked:
    until = now + timedelta(seconds=_STEP_S)
    return TalliesAsked(now - LOOKED_BACK, until, _STEP_S, (TallyKind.CALL,))


def sources(sums: Sequence[TallySum]) -> Iterator[Concern]:
    """`sums` by steps, the earliest first."""
    taken_at = {one.name: one.at for one in sums if one.label in TAKEN}
    refused: dict[str, list[TallySum]] = {}
    for one in sums:
        is_after = one.name not in taken_at or one.at > taken_at[one.name]
        if one.name != UNKNOWN and one.label not in (*TAKEN, *_NOT_STORED) and is_after:
            refused.setdefault(one.name, []).append(one)
    for name, found in sorted(refused.items()):
        calls = sum(one.count for one in found)
        if calls >= REFUSED_CALLS and found[-1].at - found[0].at >= REFUSED_FOR:
            yield _concern(name, found, calls)


def _concern(source: str, found: Sequence[TallySum], calls: int) -> Concern:
    slugs: Counter[str] = Counter()
    for one in found:
        slugs[one.label] += one.count
    return Concern(
        ConcernKind.SOURCE_REFUSED,
        source,
        Severity.WARNING,
        found[0].at,
        Advice.CHECK_PROOF,
        f"/api/v1/sources/{source}",
        {"source": source, "refused_as": slugs.most_common(1)[0][0], "calls": calls},
        begins_anew=False,
    )
