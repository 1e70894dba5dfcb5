"""Real processes: the bridge and the stand-in for Altcraft, started, stopped and killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson

from tests.support.forked import Forked

START_LIMIT_S = 90.0
ROOT = Path(__file__).parents[2]

CONFIG = """\
version: 1
delivery: {{lease: 3s, poll: 200ms, grace: 5s}}
destinations:
  main:
    url: {sandbox}
    token: {{env: TEST_ALTCRAFT_TOKEN}}
    timeout: 1s
    retry: {{tries: 50, base: 50ms, cap: 500ms}}
sources:
  forms:
    auth: {{bearer: {{env: TEST_FORMS_TOKEN}}}}
    dedup: string(body.crm_id)
  basic:
    auth: {{basic: {{username: shop, password: {{env: TEST_BASIC_PASSWORD}}}}}}
    body_limit: 64KiB
  keyed:
    auth: {{api_key: {{query: key, value: {{env: TEST_KEY}}}}}}
rules:
  - {{name: welcome, scenario: 3}}
"""
SECRETS = {
    "TEST_ALTCRAFT_TOKEN": "sandbox-token",
    "TEST_FORMS_TOKEN": "forms-secret",
    "TEST_BASIC_PASSWORD": "pass:word",
    "TEST_KEY": "key-secret",
}
BEARER = {"Authorization": "Bearer forms-secret"}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@dataclass(slots=True)
class Process:
    """One `bridge` command on a port of its own; the port stays the same over restarts. `under`:
    the command that runs it; `program`: the folder that holds `app`."""

    arguments: list[str]
    url: str
    ready: str
    log: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    under: list[str] = field(default_factory=list)
    program: Path = ROOT
    _process: "subprocess.Popen[bytes] | Forked | None" = None

    def start(self) -> None:
        environ = {**os.environ, **self.environ}  # noqa: TID251 - of the child
        if self.under or self.program != ROOT:
            self._process = self._loading(environ)
        else:
            self._process = Forked(self.arguments, environ, folder=ROOT, out=self.log, err=self.log)
        end = time.monotonic() + START_LIMIT_S
        with httpx.Client(trust_env=False, timeout=10) as client:
            while time.monotonic() < end:
                assert self._process.poll() is None, self.log.read_text()
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(self.url + self.ready).status_code == 200:
                        return
                time.sleep(0.05)  # the machine is for the process to start
        raise AssertionError(f"{self.url} did not become ready: {self.log.read_text()}")

    def _loading(self, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self.under, sys.executable, "-m", "app", *self.arguments],
                env=environ,
                cwd=self.program,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """SIGKILL: no chance to do anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM. The exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        status = self._process.wait(timeout=30)
        self._process = None
        return status


@dataclass(frozen=True, slots=True)
class Pair:
    """A bridge and the stand-in that it sends to."""

    bridge: Process
    sandbox: Process
    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "bridge.db"

    def received(self) -> list[dict[str, object]]:
        return received(self.folder)


def received(folder: Path) -> list[dict[str, object]]:
    """The stand-in's journal, as it stands on disk."""
    path = folder / "journal.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines() if line]


@contextlib.contextmanager
def a_pair(folder: Path, *, config: str = CONFIG) -> Iterator[Pair]:
    """Both running; whatever of them still runs at the end is killed."""
    sandbox = a_sandbox_process(folder)
    (folder / "bridge.yaml").write_text(config.format(sandbox=sandbox.url))
    bridge = a_bridge(folder)
    pair = Pair(bridge, sandbox, folder)
    try:
        sandbox.start()
        bridge.start()
        yield pair
    finally:
        bridge.kill()
        sandbox.kill()


def a_bridge(
    folder: Path, *, role: str = "all", store: str | None = None, name: str = "bridge"
) -> Process:
    port = free_port()
    return Process(
        ["serve", "--config", str(folder / "bridge.yaml"), "--port", str(port), "--role", role],
        f"http://127.0.0.1:{port}",
        "/readyz",
        folder / f"{name}.log",
        {
            **SECRETS,
            "BRIDGE_DATABASE_URL": store or f"sqlite+aiosqlite:///{folder}/bridge.db",
            "BRIDGE_LOG_FORMAT": "json",
        },
    )


def a_sandbox_process(folder: Path) -> Process:
    port = free_port()
    journal = str(folder / "journal.jsonl")
    return Process(
        ["sandbox", "--port", str(port), "--journal", journal, "--everybody"],
        f"http://127.0.0.1:{port}",
        "/_sandbox/health",
        folder / "sandbox.log",
    )
