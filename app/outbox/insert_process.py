"""Has the usual calls written by another process, where many come at once.

A thread that writes takes the interpreter from the loop, and the loop from it: together they are
hardly faster than one after the other. Where few calls come nobody would notice, and a process
takes memory. So it is started when calls keep coming together, and whatever is wrong with it, the
thread goes on.
"""

import asyncio
import marshal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeAlias, cast

import structlog

from app.kit.backoff import spread
from app.outbox.dialect import Part, texts_of
from app.outbox.engine import BUSY_S, BUSY_STEP_S, WRITER_PRAGMAS
from app.outbox.errors import StoreUnavailable
from app.outbox.inserter import FAILED, HEAD_BYTES, WRITTEN, frame

_log = structlog.get_logger()
_PROGRAM = Path(__file__).with_name("inserter.py")
_CROWD = 4
_SOON_S = 1.0
_START_LIMIT_S = 10.0
# It waits for a lock for 5 s. One that stands still is given up.
_ANSWER_LIMIT_S = 20.0
_CLOSE_LIMIT_S = 15.0
_KILL_LIMIT_S = 1.0
_PAUSE_S = 5.0
_GONE = "the process that writes has ended: what it was given may be written"

Ended: TypeAlias = Callable[[bool | StoreUnavailable], None]
"""Is told True: on disk; False: the values are to blame, and nothing is written; an error: it may
be written."""


class InsertProcess:
    """Of one file. It is started when _CROWD calls or more came together `crowds` times, each
    soon after the other; None: never."""

    def __init__(self, database: str | None, crowds: int | None) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._crowds = crowds if database else None
        self._crowds_left = 0
        self._crowd_at = -_SOON_S
        self._line: _Line | None = None
        self._life: asyncio.Task[None] | None = None
        self._rest_until = 0.0
        self._rng = SystemRandom()

    @property
    def is_up(self) -> bool:
        return self._line is not None

    def takes(self, calls: int) -> bool:
        """Whether so many calls that came together go this way now. Asked for all: it starts the
        process, too."""
        if self._line is not None:
            return self._line.is_free
        if calls >= _CROWD:
            self._count_crowd()
        return False

    def insert(self, parts: Sequence[Part], ended: Ended) -> None:
        """In one transaction. Raises ValueError for what can't be sent: then nothing was."""
        line = self._line
        if line is None or not line.is_free:
            raise ValueError(_GONE)
        line.send([(*texts_of(table, columns), rows) for table, columns, rows in parts], ended)

    async def close(self) -> None:
        """What was sent is still written."""
        self._crowds = None
        if self._line is not None:
            await self._line.close(_CLOSE_LIMIT_S)
        elif self._life is not None:
            self._life.cancel()
        if self._life is not None:
            await asyncio.wait([self._life])

    def _count_crowd(self) -> None:
        now = self._loop.time()
        if now - self._crowd_at > _SOON_S:
            self._crowds_left = self._crowds or 0
        self._crowd_at = now
        self._crowds_left -= 1
        if self._crowds_left < 0:
            self._start()

    def _start(self) -> None:
        rests = self._loop.time() < self._rest_until
        if self._crowds is None or self._life is not None or rests:
            return
        self._life = self._loop.create_task(self._live(), name="insert process")
        self._life.add_done_callback(self._ended)

    def _ended(self, life: asyncio.Task[None]) -> None:
        self._life = None
        self._rest_until = self._loop.time() + spread(_PAUSE_S, rng=self._rng)
        error = None if life.cancelled() else life.exception()
        if error is not None:
            _log.warning("store.process_not_started", kind=type(error).__name__)
        elif self._crowds is not None:
            _log.warning("store.process_ended", again_s=_PAUSE_S)

    async def _live(self) -> None:
        ours, its = socket.socketpair()
        ours.setblocking(False)
        line = _Line()
        await self._loop.create_connection(lambda: line, sock=ours)
        try:
            with its:
                process = await _started(its.fileno())
            try:
                await self._open(line)
                self._line = line
                _log.info("store.process_started", pid=process.pid)
                await line.lost
            finally:
                self._line = None
                line.abort()
                await _end(process)
        finally:
            line.abort()

    async def _open(self, line: "_Line") -> None:
        """Raises OSError."""
        is_open: list[bool] = []
        opened = asyncio.Event()

        def told(found: bool | StoreUnavailable) -> None:
            is_open.append(found is True)
            opened.set()

        line.send((self._database, WRITER_PRAGMAS, BUSY_S, BUSY_STEP_S), told)
        async with asyncio.timeout(_START_LIMIT_S):
            await opened.wait()
        if not is_open[0]:
            raise ConnectionError(_GONE)


async def _started(fd: int) -> asyncio.subprocess.Process:
    """Without the signals that a terminal sends to all."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(_PROGRAM), str(fd)),
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=(fd,),
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its connection is closed: it ends by itself, unless the disk holds it. Whoever does not wait
    for that leaves nothing behind, either."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            # What the loop holds for it is let go of when its end was seen.
            with suppress(TimeoutError):
                async with asyncio.timeout(_KILL_LIMIT_S):
                    await process.wait()


class _Line(asyncio.Protocol):
    """The connection to the process: one frame, its answer, the next."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._received = bytearray()
        self._ended: Ended | None = None
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def is_free(self) -> bool:
        """False also from the moment on that it is lost or given up: what is written to it then
        goes nowhere, and nobody would be told."""
        is_gone = self.lost.done() or self._transport.is_closing()
        return self._ended is None and not is_gone

    def send(self, content: Any, ended: Ended) -> None:
        """Raises ValueError for what can't be sent."""
        whole = frame(content)
        self._ended = ended
        self._is_idle.clear()
        self._limit = self._loop.call_later(_ANSWER_LIMIT_S, self.abort)
        self._transport.write(whole)

    async def close(self, limit_s: float) -> None:
        """After the answer that is awaited."""
        try:
            await asyncio.wait_for(self._is_idle.wait(), limit_s)
        except TimeoutError:
            _log.error("store.closed_early", limit_s=limit_s)
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        length = HEAD_BYTES + int.from_bytes(self._received[:HEAD_BYTES], "big")
        if len(self._received) < max(length, HEAD_BYTES + 1):
            return
        answer = marshal.loads(self._received[HEAD_BYTES:length])  # noqa: S302 - our own process
        del self._received[:length]
        self._end(_found(answer))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        self._end(StoreUnavailable(_GONE))

    def _end(self, found: bool | StoreUnavailable) -> None:
        ended, self._ended = self._ended, None
        self._is_idle.set()
        if ended is not None:
            self._limit.cancel()
            ended(found)


def _found(answer: Any) -> bool | StoreUnavailable:
    what, why = answer
    if what == FAILED:
        return StoreUnavailable(f"the store can't be used now: {why}")
    return bool(what == WRITTEN)
