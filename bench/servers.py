"""The servers that are measured, each a process of its own."""

import contextlib
import hashlib
import hmac
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.kit.errors import BridgeError

_LOOK_S, _IDLE_SHARE = 0.5, 0.05
SECRET = "bench-secret-of-some-length"  # noqa: S105 - opens nothing
BODY = (
    '{"event":"deal.won","crm_id":"12345","deal":{"id":4711,"stage":"WON","amount":990.5,'
    '"currency":"RUB","title":"A deal of usual length"},"customer":{"name":"Somebody",'
    '"email":"somebody@example.com","phone":"+79000000000","tags":["a","b","c"]},'
    '"occurred_at":"2026-01-01T10:00:00Z"}'
)
CONFIG = """\
version: 1
destinations:
  main: {url: "http://127.0.0.1:9", token: {env: BENCH_TOKEN}}
sources:
  plain:
    auth: {bearer: {env: BENCH_SECRET}}
  bench:
    auth: {hmac: {key: {env: BENCH_SECRET}, signature: {header: X-Signature}}}
rules:
  - {name: plainest, source: plain, scenario: 3}
  - {name: lost, source: bench, when: body.event == "deal.lost", scenario: 1}
  - name: won
    source: bench
    when: body.event == "deal.won" && body.deal.stage == "WON"
    match: [{custom: CRM_ID, value: body.crm_id}]
    scenario: 3
    content: {deal: body.deal.id}
  - {name: abandoned, source: bench, when: body.event == "cart.abandoned", scenario: 4}
"""


class DidNotStart(BridgeError):
    slug = "configuration"


def signed_headers() -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), BODY.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Signature": digest,
        "Authorization": f"Bearer {SECRET}",
    }


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is called, and the processes (with all that these start) whose time counts."""

    url: str
    processes: tuple[int, ...]

    def cpu_s(self) -> float:
        """What they have used so far, also by what has ended."""
        first = [psutil.Process(process) for process in self.processes]
        every = [*first, *(child for one in first for child in one.children(recursive=True))]
        return sum(map(_used_s, every))

    def wait_until_idle(self) -> None:
        """Also those of its processes that do not answer yet. Raises DidNotStart."""
        end, before = time.monotonic() + 60, -1.0
        while (now := self.cpu_s()) - before > _IDLE_SHARE * _LOOK_S:
            if time.monotonic() > end:
                raise DidNotStart(f"{self.url} does not come to rest")
            before = now
            time.sleep(_LOOK_S)


def _used_s(process: psutil.Process) -> float:
    """With what it started and has ended; of one that has just ended itself, its starter knows."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


@contextlib.contextmanager
def uvicorn_app(name: str, *, path: str = "/hooks/bench", workers: int = 1) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", name, "--port", str(port), "--no-access-log"]
    command += ["--workers", str(workers)]
    url = f"http://127.0.0.1:{port}"
    with running([*command, "--log-level", "error"], {}, f"{url}/healthz") as process:
        yield Server(url + path, (process,))


@contextlib.contextmanager
def bridge(
    folder: Path,
    *,
    source: str,
    workers: int = 1,
    store: tuple[str, int] | None = None,
    counts: Path | None = None,
) -> Iterator[Server]:
    """Takes calls only: what is measured is acceptance. `store`: the address of a server and its
    process; without, a file with `synchronous=FULL`. `counts`: see `bench.counted`."""
    port = free_port()
    (folder / "bridge.yaml").write_text(CONFIG)
    environ = {
        "BENCH_TOKEN": "t",
        "BENCH_SECRET": SECRET,
        "BRIDGE_DATABASE_URL": store[0] if store else f"sqlite+aiosqlite:///{folder}/bridge.db",
        "BRIDGE_LOG_LEVEL": "warning",
    }
    module = ["app"] if counts is None else ["bench.counted", str(counts)]
    command = [sys.executable, "-m", *module, "serve", "--role", "ingest", "--port", str(port)]
    command += ["--config", str(folder / "bridge.yaml"), "--workers", str(workers)]
    with running(command, environ, f"http://127.0.0.1:{port}/healthz") as process:
        processes = (process, store[1]) if store else (process,)
        yield Server(f"http://127.0.0.1:{port}/hooks/{source}", processes)


@contextlib.contextmanager
def sandbox() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "app", "sandbox", "--port", str(port), "--everybody"]
    url = f"http://127.0.0.1:{port}/_sandbox/health"
    # It introduces itself; what goes wrong it says elsewhere.
    with running(command, {}, url, said=subprocess.DEVNULL):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def worker(folder: Path, store: Path, sandbox_url: str) -> Iterator[None]:
    with _whole(folder, store, sandbox_url, role="worker"):
        yield


@contextlib.contextmanager
def whole(folder: Path, sandbox_url: str, *, rate: int | None = None) -> Iterator[tuple[str, int]]:
    """Where to call it, and the number of its process. `rate`: requests a second at most."""
    store = folder / "latency.db"
    with _whole(folder, store, sandbox_url, role="all", rate=rate) as (url, process):
        yield f"{url}/hooks/plain", process


@contextlib.contextmanager
def _whole(
    folder: Path, store: Path, sandbox_url: str, *, role: str, rate: int | None = None
) -> Iterator[tuple[str, int]]:
    pace = f", rate: {rate}/s" if rate else ""
    config = CONFIG.replace('"http://127.0.0.1:9"', f'"{sandbox_url}"{pace}')
    with configured(folder, store, config, role=role) as found:
        yield found


@contextlib.contextmanager
def configured(
    folder: Path, store: Path, config: str, *, role: str = "all", **environ: str
) -> Iterator[tuple[str, int]]:
    """A bridge on a file, where it is and its process. `environ`: more of it."""
    port = free_port()
    path = folder / f"{role}.yaml"
    path.write_text(config)
    environ |= {
        "BENCH_TOKEN": "sandbox-token",
        "BENCH_SECRET": SECRET,
        "BRIDGE_DATABASE_URL": f"sqlite+aiosqlite:///{store}",
        "BRIDGE_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "app", "serve", "--role", role, "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with running([*command, "--config", str(path)], environ, f"{url}/healthz") as process:
        yield url, process


@contextlib.contextmanager
def running(
    command: list[str], environ: dict[str, str], url: str, *, said: int | None = None
) -> Iterator[int]:
    """Its number, while it runs. `said`: where its output goes, as `Popen` takes it."""
    process = subprocess.Popen(command, env={**os.environ, **environ}, stdout=said)  # noqa: S603, TID251 - our own
    try:
        _wait_until_it_answers(process, url)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1)  # noqa: S310 - loopback
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise DidNotStart(f"{url} did not answer")
