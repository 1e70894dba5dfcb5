"""The usual call, answered without ASGI and without a task (see `app/web/short_way.py`)."""

from functools import lru_cache

from app.ingest.accept import Acceptor
from app.ingest.calls import CallMaker
from app.ingest.intake import PREFIX, Answer, Door, Intake, Pending, failed, usual_answer
from app.kit.clock import Clock
from app.outbox import Accepted, Duplicate
from app.web.heads import head_of
from app.web.problems import CONTENT_TYPE, Problem
from app.web.short_way import Exchange

_METHODS = {b"POST": "POST", b"PUT": "PUT"}
# Whatever anybody asks for is looked up among the known: what is kept must be short.
_KNOWN_BYTES = 256
_SLOW = "the body must be sent within 30 s"


class ShortWay:
    """Takes what can be decided at once, and leaves the rest to `Entry`."""

    prefix = PREFIX.encode()

    def __init__(self, intake: Intake, acceptor: Acceptor, maker: CallMaker, clock: Clock) -> None:
        self._intake = intake
        self._acceptor = acceptor
        self._maker = maker
        self._clock = clock

    def begin(self, exchange: Exchange[Door]) -> bool:
        method, path = _METHODS.get(exchange.method), _path_of(exchange.target)
        if method is None or path is None:
            return False
        door = self._intake.find(path)
        if isinstance(door, Problem):
            return False
        exchange.door, exchange.limit_bytes = door, door.source.body_limit
        if not _fits(exchange.headers.get("content-length", ""), exchange.limit_bytes):
            return False
        self._intake.begin()
        exchange.began_s = self._clock.monotonic()
        return True

    def take(self, exchange: Exchange[Door]) -> None:
        try:
            decided = self._decide(exchange)
            if isinstance(decided, Pending):
                self._accept(exchange, decided)
            else:
                self._tell(exchange, decided)
        except Exception:  # noqa: BLE001 - as `failed` says
            self._tell(exchange, failed())

    def slow(self, exchange: Exchange[Door]) -> None:
        problem = Problem("request_timeout", _SLOW)
        self._tell(exchange, self._intake.refuse(problem, exchange.door.source))

    def close(self, exchange: Exchange[Door]) -> None:
        self._intake.end()

    def _decide(self, exchange: Exchange[Door]) -> Pending | Answer:
        door = exchange.door
        try:
            call = self._maker.of_exchange(exchange, self._clock.now())
        except ValueError:
            problem = Problem("bad_request", "too many query parameters")
            return self._intake.refuse(problem, door.source)
        return self._intake.decide(door, call)

    def _accept(self, exchange: Exchange[Door], pending: Pending) -> None:
        def told(found: list[Accepted | Duplicate] | Exception) -> None:
            try:
                answer = self._answer(pending, found)
            except Exception:  # noqa: BLE001 - as `failed` says
                answer = failed()
            self._tell(exchange, answer)

        try:
            self._acceptor.put(pending.acceptances, told, limit_s=pending.limit_s)
        except Exception as error:  # noqa: BLE001 - told as if it came later
            told(error)

    def _answer(self, pending: Pending, found: list[Accepted | Duplicate] | Exception) -> Answer:
        if isinstance(found, Exception):
            return self._intake.unstored(pending, found)
        takings = self._acceptor.takings(pending.acceptances, found)
        return self._intake.stored(pending, takings) or usual_answer(pending, takings)

    def _tell(self, exchange: Exchange[Door], answer: Answer) -> None:
        seconds = self._clock.monotonic() - exchange.began_s
        self._intake.count(exchange.door.source.name, answer, seconds)
        if isinstance(answer, Problem):
            head = head_of(answer.status, CONTENT_TYPE, *answer.headers.items())
            exchange.answer(head, answer.body())
        else:
            reply = answer.reply
            headers = reply.headers.items() if reply.headers else ()
            head = head_of(reply.status, reply.content_type, *headers)
            exchange.answer(head, reply.body)


def _path_of(target: bytes) -> str | None:
    return _known_path(target) if len(target) <= _KNOWN_BYTES else _path(target)


def _path(target: bytes) -> str | None:
    """None: of a caller that waits for the outcome, or written in another way than usual."""
    if b"wait=" in target or b"%" in target or b"#" in target:
        return None
    return target[len(ShortWay.prefix) :].partition(b"?")[0].decode("latin-1")


_known_path = lru_cache(maxsize=1024)(_path)


def _fits(length: str, limit_bytes: int) -> bool:
    return not length or (length.isdecimal() and int(length) <= limit_bytes)
