"""A standby of a real PostgreSQL: every commit waits for it, and it can be promoted."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil

from tests.support.postgres import Server

LIMIT_S = 30


class Standby:
    """Made of a server that runs. Its files and its socket are in a folder of its own."""

    def __init__(self, primary: Server) -> None:
        self.folder = tempfile.mkdtemp(prefix="bridge-pg-")
        self._primary = primary
        data = Path(self.folder) / "data"
        self._data = str(data)
        data.mkdir(mode=0o700)
        if primary.system_user is not None:
            for path in (self.folder, data):
                shutil.chown(path, primary.system_user)
        source = f"user=postgres host={primary.folder}"
        self._run("pg_basebackup", "-R", "-X", "stream", "-c", "fast", "-d", source)
        listening = f"-h '' -k {self.folder}"
        self._run("pg_ctl", "-w", "-l", f"{self._data}/log", "-o", listening, "start")

    def promote(self) -> None:
        self._run("pg_ctl", "-w", "promote")

    def freeze(self) -> None:
        freeze(self._postmaster())

    def thaw(self) -> None:
        thaw(self._postmaster())

    def stop(self) -> None:
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            kill(self._postmaster())
        shutil.rmtree(self.folder)

    def _postmaster(self) -> int:
        return int((Path(self._data) / "postmaster.pid").read_text().split()[0])

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._primary.binaries / command), "-D", self._data, *arguments],
            user=self._primary.system_user,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT_S,
        )


def kill(postmaster: int) -> None:
    """With all that belongs to it, as a machine without power does."""
    _signal_all(postmaster, signal.SIGKILL)


def freeze(postmaster: int) -> None:
    """Connections stay open, and are answered no more."""
    _signal_all(postmaster, signal.SIGSTOP)


def thaw(postmaster: int) -> None:
    _signal_all(postmaster, signal.SIGCONT)


def _signal_all(postmaster: int, number: signal.Signals) -> None:
    first = psutil.Process(postmaster)
    # The first before the others: it must not see them go, and start more.
    for process in [first, *first.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    if number is signal.SIGKILL:
        first.wait(LIMIT_S)


def address_of_both(primary: Server, standby: Standby, database: str = "postgres") -> str:
    """As BRIDGE_DATABASE_URL has it."""
    hosts = "&".join(f"host={quote(one.folder)}" for one in (primary, standby))
    return f"postgresql+asyncpg://postgres@/{database}?{hosts}"


@contextlib.contextmanager
def a_pair_of_servers() -> Iterator[tuple[Server, Standby]]:
    """What is committed on the first is on the second."""
    primary = Server()
    standby: Standby | None = None
    try:
        standby = Standby(primary)
        primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.run("SELECT pg_reload_conf()")
        _until_synchronous(primary)
        yield primary, standby
    finally:
        if standby is not None:
            standby.stop()
        # It may stand still, and would not stop when it is told to.
        with contextlib.suppress(psutil.NoSuchProcess):
            kill(primary.postmaster)
        primary.stop()


def _until_synchronous(primary: Server) -> None:
    end = time.monotonic() + LIMIT_S
    while primary.run("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'") != 1:
        assert time.monotonic() < end, "the standby does not follow"
