"""Memory in which each process of a service counts, and all of them read.

Each has a slot that only it writes to, so nobody waits for anybody, and what a killed process
counted stays: the one that takes its place goes on from there. A slot says itself what its numbers
are, so that processes of two versions can share a board.
"""

import mmap
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import orjson

from app.kit.light import light

_NUMBERS = 65_536
_NUMBER_BYTES = 8
_NAMES_BYTES = 1024 * 1024
_NAMES_AT = _NUMBERS * _NUMBER_BYTES
# Of whole pages: how far the names reach, and whose slot it is.
_HEAD_BYTES = 4096
_SLOT_BYTES = _NAMES_AT + _NAMES_BYTES + _HEAD_BYTES
# Place of the head's two numbers among those of the slot.
_NAMES_END = (_NAMES_AT + _NAMES_BYTES) // _NUMBER_BYTES
_OWNER = _NAMES_END + 1
# The last of them is where goes what there is no room for.
_ROOM = _NUMBERS - 64


@light
class Key:
    """Names some numbers that stand beside each other. With their number in it: a version that
    counts the same by other steps has another key."""

    metric: str
    labels: tuple[str, ...]
    size: int = 1


class Slot:
    """`numbers` are those of one process; `place` says which."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._places: dict[Key, int] = {}
        self._end = 0
        self.numbers: memoryview[float] = memory.cast("d")

    def open(self) -> "Slot":
        """As its process: goes on where another one ended."""
        for key, at in self.named():
            self._places[key] = at
            self._end = at + key.size
        self.numbers[_OWNER] = os.getpid()
        return self

    @property
    def owner(self) -> int:
        """The process; 0: none yet."""
        return int(self.numbers[_OWNER])

    def place(self, key: Key) -> int:
        """Where its numbers begin, all 0 when it is new. Where there is no room any more it is
        counted and never shown: what is counted comes from the configuration, and a board that is
        full has seen thousands of sources come and go."""
        with self._lock:
            if key not in self._places:
                self._places[key] = self._add(key)
            return self._places[key]

    def named(self) -> Iterator[tuple[Key, int]]:
        """Each with the place of its first number."""
        at = 0
        end = _NAMES_AT + int(self.numbers[_NAMES_END])
        for line in bytes(self._memory[_NAMES_AT:end]).splitlines():
            metric, labels, size = orjson.loads(line)
            yield Key(metric, tuple(labels), size), at
            at += size

    def _add(self, key: Key) -> int:
        line = orjson.dumps([key.metric, key.labels, key.size]) + b"\n"
        begin = int(self.numbers[_NAMES_END])
        if self._end + key.size > _ROOM or begin + len(line) > _NAMES_BYTES:
            return _ROOM
        at = _NAMES_AT + begin
        self._memory[at : at + len(line)] = line
        # Only now others read it: a process that is killed in between leaves nothing half.
        self.numbers[_NAMES_END] = begin + len(line)
        place, self._end = self._end, self._end + key.size
        return place


class Board:
    """`fd` is its file, for processes that are to share it."""

    def __init__(self, memory: mmap.mmap, fd: int | None = None) -> None:
        self.fd = fd
        whole = memoryview(memory)
        count = len(memory) // _SLOT_BYTES
        self.slots = [Slot(whole[n * _SLOT_BYTES : (n + 1) * _SLOT_BYTES]) for n in range(count)]

    @classmethod
    def alone(cls) -> "Board":
        """Of one process."""
        return cls(mmap.mmap(-1, _SLOT_BYTES))

    @classmethod
    def shared(cls, fd: int) -> "Board":
        """That of a file that another process made."""
        return cls(mmap.mmap(fd, os.fstat(fd).st_size), fd)


@contextmanager
def board_of(processes: int, fd: int | None = None) -> Iterator[Board]:
    """For so many processes; with `fd`, the one that they have already."""
    if fd is not None:
        yield Board.shared(fd)
    elif processes == 1:
        yield Board.alone()
    else:
        with _new_file(processes) as file:
            yield Board.shared(file.fileno())


def _new_file(slots: int) -> IO[bytes]:
    """Without a name: it is gone when the last process that was given it is. Only what is written
    to takes memory."""
    file: IO[bytes] = (
        os.fdopen(os.memfd_create("bridge counts"), "r+b")
        if sys.platform == "linux"
        else tempfile.TemporaryFile()  # noqa: SIM115 - whoever asks for it closes it
    )
    os.truncate(file.fileno(), slots * _SLOT_BYTES)
    return file
