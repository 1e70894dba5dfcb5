"""Processes of the `bridge` command that do not load the program: each is forked from a process
that has. To load it takes a second or more of the processor, and tests start some hundreds."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.process.points", "tests.support.loaded"])


class Forked:
    """As a Popen, as far as it goes. What it writes goes to the files `out` and `err`, at their
    ends."""

    def __init__(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        *,
        folder: Path,
        out: Path,
        err: Path,
        given: Path = Path(os.devnull),
    ) -> None:
        args = (list(arguments), dict(environ), str(folder), str(out), str(err), str(given))
        self._process: ForkServerProcess = FORKS.Process(target=_run, args=args)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Raises TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired("bridge", timeout)
        return status


def _run(
    arguments: list[str], environ: dict[str, str], folder: str, out: str, err: str, given: str
) -> None:
    os.chdir(folder)
    os.environ.clear()  # noqa: TID251 - its own
    os.environ.update(environ)  # noqa: TID251 - its own
    _open(given, os.O_RDONLY, 0)
    _open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 1)
    _open(err, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for its whole life
    sys.argv = ["bridge", *arguments]
    from app.cli.main import main  # loaded already, in the process that this one is a fork of

    main()


def _open(path: str, flags: int, number: int) -> None:
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, number)
    os.close(opened)
