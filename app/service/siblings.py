"""Further processes of one service, which take calls on the same socket.

Python runs on one core a process. The first process delivers; its siblings only take calls, and
tell it over a link when they accepted something. A link that closes is how each side knows that
the other is gone.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import structlog

from app.kit.backoff import full_jitter

_log = structlog.get_logger()
_STOP_LIMIT_S = 30.0
_NOTICE = b"."


@dataclass(frozen=True, slots=True)
class Handed:
    """What each sibling is given of the first process: its socket, and the board on which all of
    them count."""

    sock: socket.socket
    board_fd: int


class Siblings:
    """`accepted` is called in the loop when a sibling accepted something that is due."""

    def __init__(
        self,
        handed: Handed,
        arguments: Sequence[str],
        accepted: Callable[[], None],
        rng: Random,
    ) -> None:
        self._handed = handed
        self._arguments = arguments
        self._accepted = accepted
        self._rng = rng

    async def run(self, number: int, stop: asyncio.Event) -> None:
        """Keeps one sibling running until `stop`."""
        failed = 0
        while not stop.is_set():
            began = asyncio.get_running_loop().time()
            status = await self._once(number, stop)
            if stop.is_set():
                return
            is_quick = asyncio.get_running_loop().time() - began < 60
            failed = failed + 1 if is_quick else 1
            wait_s = full_jitter(failed, base_s=0.5, cap_s=30, rng=self._rng)
            _log.error("sibling.lost", sibling=number, status=status, again_in_s=round(wait_s, 1))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)

    async def _once(self, number: int, stop: asyncio.Event) -> int | None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with contextlib.closing(ours):
            with contextlib.closing(theirs):
                sock, link, board = (
                    self._handed.sock.fileno(),
                    theirs.fileno(),
                    self._handed.board_fd,
                )
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "app", "serve", "--role", "ingest"),
                    *("--socket-fd", str(sock), "--link-fd", str(link)),
                    *("--board-fd", str(board), "--number", str(number)),
                    *self._arguments,
                    pass_fds=(sock, link, board),
                )
            await self._until_gone(ours, stop)
            return await _ended(process)

    async def _until_gone(self, link: socket.socket, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stopped.done():
                heard = asyncio.ensure_future(loop.sock_recv(link, 4096))
                await asyncio.wait({heard, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if not heard.done():
                    heard.cancel()
                elif not heard.result():
                    return
                else:
                    self._accepted()
        except OSError:
            return
        finally:
            stopped.cancel()


async def _ended(process: asyncio.subprocess.Process) -> int | None:
    """Asked to stop, and killed when it does not."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        return await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
    except TimeoutError:
        process.kill()
        return await process.wait()


class Link:
    """The side of a sibling."""

    def __init__(self, fd: int) -> None:
        self._sock = socket.socket(fileno=fd)
        self._sock.setblocking(False)

    def accepted(self) -> None:
        # Full means that the other side has enough to be woken by.
        with contextlib.suppress(BlockingIOError, OSError):
            self._sock.send(_NOTICE)

    async def until_alone(self) -> None:
        """Until the first process is gone."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_recv(self._sock, 1)
