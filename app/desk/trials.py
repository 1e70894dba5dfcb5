"""Runs trials of pasted configurations, each within limits of time and memory.

The library of expressions holds the interpreter for as long as one takes, and nested loops over a
list take longer than anybody lives: no thread and no time limit within a process helps. So they run
in a process of their own, which can be ended.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime

import orjson
from pydantic import BaseModel

from app.desk.refusals import Invalid
from app.kit.errors import BridgeError
from app.model.json import Json

_MODULE = "app.desk.trial_process"
_AT_ONCE = 2
_MOST_WAITING = 8
_WAIT_S = 10.0
_START_S = 30.0
_LIMIT_S = 5.0
_IDLE_S = 60.0
_LENGTH_BYTES = 4
_TOO_MUCH = (
    "it takes more time or memory than a trial may: make the expressions or the body smaller"
)


class Busy(BridgeError):
    slug = "busy"


class Trials:
    """A process is kept for a minute: whoever writes a rule tries it again and again."""

    def __init__(self, *, limit_s: float = _LIMIT_S, idle_s: float = _IDLE_S) -> None:
        self._limit_s = limit_s
        self._idle_s = idle_s
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._idle: dict[_Process, asyncio.TimerHandle] = {}
        self._starting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncIterator["Trials"]:
        trials = cls()
        try:
            yield trials
        finally:
            await trials.close()

    async def run(self, what: str, asked: BaseModel, now: datetime) -> bytes:
        """What was found, as JSON. Raises Invalid, Busy."""
        shape = {"what": what, "asked": asked.model_dump(mode="json"), "now": now.isoformat()}
        async with self._turn():
            said = orjson.loads(await self._answer(orjson.dumps(shape)))
        if "found" in said:
            return orjson.dumps(said["found"])
        more: dict[str, Json] = said["more"]
        raise Invalid(said["why"], **more)

    def warm(self) -> None:
        """A process is at hand soon: somebody is about to try something."""
        if not self._idle and not self._turns.locked() and not self._starting:
            self._starting = self._go_on(self._keep_one(), "start a process of trials")

    async def close(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
        for process in list(self._idle):
            self._end(process)
        while self._tasks:
            await asyncio.wait(self._tasks)
            for process in list(self._idle):
                self._end(process)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= _MOST_WAITING:
            raise Busy("too many trials at once")
        self._waiting += 1
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy("too many trials at once") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def _answer(self, request: bytes) -> bytes:
        process = await self._process()
        try:
            async with asyncio.timeout(self._limit_s):
                found = await process.ask(request)
        except (TimeoutError, EOFError, ConnectionError):
            self._end(process)
            raise Invalid(_TOO_MUCH) from None
        except BaseException:
            self._end(process)
            raise
        self._keep(process)
        return found

    def _keep(self, process: "_Process") -> None:
        later = asyncio.get_running_loop().call_later(self._idle_s, self._end, process)
        self._idle[process] = later

    async def _keep_one(self) -> None:
        try:
            with contextlib.suppress(Busy):
                self._keep(await _started())
        finally:
            self._starting = None

    async def _process(self) -> "_Process":
        if self._starting is not None and not self._idle:
            await asyncio.wait({self._starting}, timeout=_START_S)
        while self._idle:
            process, later = self._idle.popitem()
            later.cancel()
            if process.is_alive:
                return process
            self._end(process)
        return await _started()

    def _end(self, process: "_Process") -> None:
        if later := self._idle.pop(process, None):
            later.cancel()
        self._go_on(process.end(), "end a process of trials")

    def _go_on(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise OSError("it has no pipes")
        self._process = process
        self._requests, self._answers = process.stdin, process.stdout

    @classmethod
    async def start(cls) -> "_Process":
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # Of the environment nothing: it holds secrets.
            env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,
        )
        made = cls(process)
        try:
            await made._read()
        except BaseException:
            await made.end()
            raise
        return made

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, request: bytes) -> bytes:
        """Raises EOFError, ConnectionError when it is gone."""
        self._requests.write(len(request).to_bytes(_LENGTH_BYTES) + request)
        await self._requests.drain()
        return await self._read()

    async def _read(self) -> bytes:
        length = await self._answers.readexactly(_LENGTH_BYTES)
        return await self._answers.readexactly(int.from_bytes(length))

    async def end(self) -> None:
        self._requests.close()
        if self.is_alive:
            self._process.kill()
        await self._process.wait()


async def _started() -> _Process:
    """Raises Busy."""
    try:
        async with asyncio.timeout(_START_S):
            return await _Process.start()
    except (TimeoutError, OSError, EOFError):
        raise Busy("the process for trials does not start") from None
