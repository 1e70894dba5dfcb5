"""A call that comes through the proxies is the caller's own, once, and leaves no secret behind."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest

from tests.deploy.programs import DEPLOY, run
from tests.deploy.proxies import Proxy, caddy, nginx, nginx_files
from tests.support.processes import BEARER, Process, a_bridge

Front: TypeAlias = Callable[[Path, Sequence[str]], AbstractContextManager[Proxy]]
CONFIG = """\
version: 1
destinations:
  main: {url: "http://127.0.0.1:9", token: {env: TEST_ALTCRAFT_TOKEN}}
sources:
  forms: {auth: {bearer: {env: TEST_FORMS_TOKEN}}}
  known: {auth: {ip: {allow: 127.0.0.2}}}
  in-path: {auth: {path_secret: {env: TEST_KEY}}}
rules: [{name: welcome, scenario: 3}]
"""

both = pytest.mark.parametrize("front", [nginx, caddy])


@contextlib.contextmanager
def a_bridge_behind(
    front: Front, folder: Path, *, besides: Sequence[str] = ()
) -> Iterator[tuple[Proxy, Process]]:
    (folder / "proxy").mkdir()
    (folder / "bridge.yaml").write_text(CONFIG)
    bridge = a_bridge(folder)
    bridge.environ = {**bridge.environ, "BRIDGE_TRUSTED_PROXIES": "127.0.0.1"}
    bridge.start()
    try:
        upstreams = [*besides, bridge.url.removeprefix("http://")]
        with front(folder / "proxy", upstreams) as proxy:
            yield proxy, bridge
    finally:
        bridge.kill()


def client(proxy: Proxy, address: str = "127.0.0.1") -> httpx.Client:
    """That calls from this address of the machine."""
    transport = httpx.HTTPTransport(verify=False, local_address=address)
    return httpx.Client(base_url=proxy.url, transport=transport, timeout=30)


@both
def test_what_is_shipped_is_sound(tmp_path: Path, front: Front) -> None:
    if front is nginx:
        done = run("nginx", "-t", "-c", nginx_files(tmp_path, ["127.0.0.1:8080"], 1443))
    else:
        done = run("caddy", "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")

    assert done.returncode == 0, done.stdout


@both
def test_the_caller_is_known_by_its_own_address_whatever_it_says(
    tmp_path: Path, front: Front
) -> None:
    claim = {"X-Forwarded-For": "127.0.0.2", "Forwarded": "for=127.0.0.2", "X-Real-IP": "127.0.0.2"}
    with a_bridge_behind(front, tmp_path) as (proxy, _):
        with client(proxy, "127.0.0.2") as known:
            taken = known.post("/hooks/known", json={"crm_id": "1"})
        with client(proxy, "127.0.0.3") as other:
            refused = other.post("/hooks/known", json={"crm_id": "1"}, headers=claim)

    assert (taken.status_code, refused.status_code) == (202, 401)


@both
def test_only_calls_go_in_and_none_that_is_too_large(tmp_path: Path, front: Front) -> None:
    with a_bridge_behind(front, tmp_path) as (proxy, _), client(proxy) as caller:
        inside = {
            path: caller.get(path).status_code
            for path in ("/healthz", "/readyz", "/metrics", "/docs", "/api/v1/events")
        }
        large = caller.post("/hooks/forms", headers=BEARER, content=b"x" * 11_000_000)
        bridges_own = caller.post("/hooks/forms", headers=BEARER, content=b"x" * 2_000_000)

    assert set(inside.values()) == {404}, inside
    assert large.status_code == 413
    assert bridges_own.headers["content-type"] == "application/problem+json"


@both
def test_no_log_keeps_what_may_be_a_secret(tmp_path: Path, front: Front) -> None:
    address = "/hooks/in-path/key-secret?key=key-secret"
    with a_bridge_behind(front, tmp_path) as (proxy, bridge), client(proxy) as caller:
        taken = caller.post(address, json={"crm_id": "1"}, headers=BEARER)
        bridge.stop()
        failed = caller.post(address, json={"crm_id": "1"}, headers=BEARER)
        logs = proxy.logs

    assert taken.status_code == 202
    assert failed.status_code in (502, 503)
    assert "127.0.0.1" in logs()
    assert "secret" not in logs()


@both
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_a_call_that_may_have_been_taken_is_not_sent_again(
    tmp_path: Path, front: Front, method: str
) -> None:
    with (
        takes_and_hangs_up() as one,
        takes_and_hangs_up() as other,
        front(tmp_path, [one.address, other.address]) as proxy,
        client(proxy) as caller,
    ):
        answer = caller.request(method, "/hooks/forms", headers=BEARER)

    assert answer.status_code >= 500
    assert len(one.calls + other.calls) == 1


def test_a_process_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    """By Caddy: nginx.conf is for one process, and says what to change for several."""
    with (
        nobodys_address() as gone,
        a_bridge_behind(caddy, tmp_path, besides=[gone]) as (proxy, _),
        client(proxy) as caller,
    ):
        answers = [
            caller.post("/hooks/forms", json={"crm_id": "1"}, headers=BEARER).status_code
            for _ in range(6)
        ]

    assert answers == [202] * 6


@contextlib.contextmanager
def nobodys_address() -> Iterator[str]:
    """Held, so that nobody else comes to listen there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


class HangsUp(socketserver.ThreadingTCPServer):
    """Is well when it is asked; reads each call, and closes without an answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Reads)
        self.calls: list[bytes] = []
        self.address = f"127.0.0.1:{self.server_address[1]}"


class Reads(socketserver.StreamRequestHandler):
    server: HangsUp

    def handle(self) -> None:
        first = self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        if b"/readyz" in first:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            self.server.calls.append(first)


@contextlib.contextmanager
def takes_and_hangs_up() -> Iterator[HangsUp]:
    with HangsUp() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
