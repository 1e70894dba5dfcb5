"""The reply to a call that was taken, where a source has one of its own."""

from dataclasses import dataclass

import structlog

from app.expressions import ExpressionFailed, Scope
from app.sources.answers import Seen, render
from app.sources.results import HttpReply, Taken
from app.sources.source import Source

__all__ = ["HttpReply", "Summary", "build_reply"]

_log = structlog.get_logger()
_BEST_FIRST = ("accepted", "duplicate", "ignored")


@dataclass(frozen=True, slots=True)
class Summary:
    """Id and status of each event that the call became, in order."""

    takings: tuple[tuple[str, str], ...]

    def event(self) -> dict[str, str]:
        if not self.takings:
            return {}
        statuses = {status for _, status in self.takings}
        best = next((status for status in _BEST_FIRST if status in statuses), "accepted")
        return {"id": self.takings[0][0], "status": best}


def build_reply(source: Source, taken: Taken, summary: Summary, scope: Scope) -> HttpReply | None:
    """None: the source has no reply of its own, or it can't be made of this call. The call is
    stored by then, so that a failing expression must not turn it into a refusal."""
    if source.reply is None:
        return None
    seen = Seen(taken.variables, scope, source.region, summary.event())
    try:
        return render(source.reply, seen)
    except ExpressionFailed as error:
        _log.warning("reply.failed", source=source.name, reason=str(error))
        return None
