"""What is decided of a call, whichever way it comes: who may come in, what is to be stored, what is
answered. Nothing here waits, so that the short way needs no task for it."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import orjson
import structlog

from app.ingest.accept import Acceptor, Taking, shape_of
from app.ingest.unkept import Unkept
from app.kit.light import light
from app.model.unkept import ANSWERED, DUPLICATE
from app.observe.counts import TAKEN, Counts
from app.outbox import Acceptance, StoreUnavailable
from app.revision import Revision
from app.sources.call import Call
from app.sources.receive import Answered, Refused, Taken, receive
from app.sources.replies import HttpReply, Summary, build_reply
from app.sources.source import Source
from app.web.problems import Problem

_log = structlog.get_logger()

PREFIX = "/hooks/"
METHODS = frozenset({"POST", "PUT", "GET", "OPTIONS", "HEAD"})
_NO_HEADERS: Mapping[str, str] = {}
_ALLOW = {"Allow": "POST, PUT, GET"}
_ACCEPT_LIMIT_S = 5.0
# Bodies of calls under way are held in memory: so many at most.
_CALLS_AT_ONCE = 2000
_MOST_DOORS = 1024
_MOST_DOOR_CHARS = 256

WRONG_METHOD = Problem("method_not_allowed", "use POST, PUT or GET", _ALLOW)


@light
class Replied:
    """`result` is what the call is counted as."""

    reply: HttpReply
    result: str


Answer: TypeAlias = Problem | Replied


@light
class Door:
    """A source as a call finds it; `path` is what follows its name."""

    revision: Revision
    source: Source
    path: str


@light
class Pending:
    """A call that is taken as soon as it is stored."""

    door: Door
    call: Call
    taken: Taken
    acceptances: list[Acceptance]

    @property
    def limit_s(self) -> float:
        return self.door.source.reply_within_s or _ACCEPT_LIMIT_S


class Intake:
    """`revision` yields the configuration in use at the moment of the call. What leaves no event
    is `unkept`."""

    def __init__(
        self,
        revision: Callable[[], Revision],
        acceptor: Acceptor,
        unkept: Unkept,
        counts: Counts | None = None,
    ) -> None:
        self._revision = revision
        self._acceptor = acceptor
        self._unkept = unkept
        self._counts = counts or Counts()
        self._doors: dict[str, Door] = {}
        self._under_way = 0
        self._is_open = True

    def close(self) -> None:
        """Take no more calls; those under way are finished."""
        self._is_open = False

    def begin(self) -> None:
        """A call is under way until its `end`."""
        self._under_way += 1

    def end(self) -> None:
        self._under_way -= 1

    def count(self, source: str, answer: Answer, seconds: float) -> None:
        """An answer that leaves now."""
        result = answer.slug if isinstance(answer, Problem) else answer.result
        self._counts.call(source, result, seconds)

    def find(self, path: str) -> Door | Problem:
        """Before the body is read. `path` is what follows PREFIX."""
        if not self._is_open:
            return Problem("stopping", "call again in a moment", {"Retry-After": "2"})
        if self._under_way > _CALLS_AT_ONCE:
            return Problem("busy", "call again in a moment", {"Retry-After": "1"})
        revision = self._revision()
        door = self._doors.get(path)
        if door is None or door.revision is not revision:
            door = _door(revision, path)
            if door is None:
                return Problem("unknown_source", "check the address: /hooks/NAME")
            self._remember(path, door)
        return door

    def _remember(self, path: str, door: Door) -> None:
        if len(path) > _MOST_DOOR_CHARS:
            return
        if len(self._doors) >= _MOST_DOORS:
            self._doors.clear()
        self._doors[path] = door

    def decide(self, door: Door, call: Call) -> Pending | Answer:
        source = door.source
        found = receive(source, call, door.revision.scope)
        if isinstance(found, Taken):
            if call.method in ("OPTIONS", "HEAD"):
                return self.refuse(WRONG_METHOD, source, call)
            acceptances = self._acceptor.prepare(door.revision, source, call, found)
            return Pending(door, call, found, acceptances)
        if isinstance(found, Answered):
            self._unkept.note(source, call, ANSWERED, found.name)
            _log.info("call.answered", source=source.name, handshake=found.name)
            return Replied(found.reply, ANSWERED)
        return self.refuse(_problem(found), source, call, found.why)

    def unstored(self, pending: Pending, error: Exception) -> Problem:
        """Raises what is no StoreUnavailable."""
        if not isinstance(error, StoreUnavailable):
            raise error
        wait = {"Retry-After": str(error.retry_after_s)}
        return self.refuse(Problem(error.slug, "call again later", wait), pending.door.source)

    def stored(self, pending: Pending, takings: list[Taking]) -> Answer | None:
        """It is on disk. The source's own answer; None: the usual one. Raises nothing: whatever
        fails from here on, who is told to call again would start everything twice."""
        try:
            self._note_stored(pending, takings)
            return self._own_answer(pending, takings)
        except Exception:  # noqa: BLE001 - as above
            self.reply_failed()
            return None

    def reply_failed(self) -> None:
        """Within an `except`, after the commit."""
        _log.exception("call.reply_failed")

    def _note_stored(self, pending: Pending, takings: list[Taking]) -> None:
        if takings[0].status == DUPLICATE:
            self._unkept.note(pending.door.source, pending.call, DUPLICATE, takings[0].event_id)
        for taking in takings:
            for delivery in taking.deliveries:
                self._counts.rule(delivery.start.rule)

    def _own_answer(self, pending: Pending, takings: list[Taking]) -> Answer | None:
        source = pending.door.source
        if source.strict and all(taking.status == "ignored" for taking in takings):
            ids: list[str] = [taking.event_id for taking in takings]
            return Problem("unmatched", "the call is kept and starts nothing", more={"events": ids})
        if source.reply is None:
            return None
        summary = Summary(tuple((taking.event_id, taking.status) for taking in takings))
        own = build_reply(source, pending.taken, summary, pending.door.revision.scope)
        return None if own is None else Replied(own, result_of(takings))

    def refuse(
        self, problem: Problem, source: Source, call: Call | None = None, why: str | None = None
    ) -> Problem:
        _log.warning("call.refused", source=source.name, problem=problem.slug, why=why)
        self._unkept.note(source, call, problem.slug, why)
        return problem


def _door(revision: Revision, path: str) -> Door | None:
    name, _, rest = path.partition("/")
    source = revision.sources.get(name)
    return None if source is None else Door(revision, source, rest)


def usual_answer(pending: Pending, takings: list[Taking]) -> Replied:
    if pending.taken.is_batch:
        return json_reply(202, {"events": [shape_of(taking) for taking in takings]}, takings)
    return json_reply(202, shape_of(takings[0]), takings)


def json_reply(status: int, shape: object, takings: list[Taking]) -> Replied:
    reply = HttpReply(status, _NO_HEADERS, orjson.dumps(shape), "application/json")
    return Replied(reply, result_of(takings))


def result_of(takings: list[Taking]) -> str:
    """Of one call: the best of what its events were."""
    if len(takings) == 1:
        return takings[0].status
    found = {taking.status for taking in takings}
    return next(status for status in TAKEN if status in found)


def failed() -> Problem:
    """Within an `except`: a fault of ours must not reach a caller as a traceback."""
    _log.exception("call.failed")
    return Problem("internal", "the call was not taken; call again")


def _problem(refused: Refused) -> Problem:
    headers: dict[str, str] = {}
    if refused.challenge:
        headers["WWW-Authenticate"] = refused.challenge
    if refused.retry_after_s is not None:
        headers["Retry-After"] = str(refused.retry_after_s)
    return Problem(refused.slug, refused.detail, headers)
