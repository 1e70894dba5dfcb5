"""Operators come to pages and API by a way of their own, that is not there for others."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.proxies import Proxy, caddy_inside, nginx_inside
from tests.deploy.test_proxies import CONFIG, Front
from tests.support.processes import BEARER, Process, a_bridge

pytestmark = pytest.mark.parametrize("front", [nginx_inside, caddy_inside])
ADMIN = "an-admin-token-that-nobody-can-guess"


@contextlib.contextmanager
def a_bridge_behind(front: Front, folder: Path) -> Iterator[tuple[Proxy, Process]]:
    (folder / "proxy").mkdir()
    (folder / "bridge.yaml").write_text(CONFIG)
    bridge = a_bridge(folder)
    bridge.environ = {**bridge.environ, "BRIDGE_ADMIN_TOKEN": ADMIN}
    bridge.start()
    try:
        with front(folder / "proxy", [bridge.url.removeprefix("http://")]) as proxy:
            yield proxy, bridge
    finally:
        bridge.kill()


def client(proxy: Proxy, address: str = "127.0.0.1") -> httpx.Client:
    transport = httpx.HTTPTransport(verify=False, local_address=address)
    return httpx.Client(base_url=proxy.url, transport=transport, timeout=30)


def test_an_operator_gets_to_the_api_and_its_log_names_nobody(tmp_path: Path, front: Front) -> None:
    token = {"Authorization": f"Bearer {ADMIN}"}
    with a_bridge_behind(front, tmp_path) as (proxy, _), client(proxy) as operator:
        found = operator.get("/api/v1/events?email=ivan@example.com", headers=token)
        without = operator.get("/api/v1/events")
        logs = proxy.logs()

    assert (found.status_code, without.status_code) == (200, 401)
    assert "127.0.0.1" in logs
    assert "ivan" not in logs
    assert ADMIN not in logs


def test_who_comes_from_elsewhere_is_not_let_in(tmp_path: Path, front: Front) -> None:
    with a_bridge_behind(front, tmp_path) as (proxy, _), client(proxy, "127.0.0.2") as stranger:
        answers = [stranger.get(path).status_code for path in ("/api/v1/events", "/docs", "/")]

    assert answers == [403] * 3


def test_calls_do_not_come_this_way(tmp_path: Path, front: Front) -> None:
    with a_bridge_behind(front, tmp_path) as (proxy, _), client(proxy) as caller:
        answer = caller.post("/hooks/forms", json={"crm_id": "1"}, headers=BEARER)

    assert answer.status_code == 404


def test_what_a_live_page_is_told_arrives_at_once(tmp_path: Path, front: Front) -> None:
    with (
        goes_on() as source,
        front(tmp_path, [source.address]) as proxy,
        client(proxy) as browser,
        browser.stream("GET", "/console/live") as answer,
    ):
        first = next(answer.iter_text())
        was_over = source.over.is_set()
        host = source.hosts[-1]
        source.over.set()

    assert first == "data: one\n\n"
    assert not was_over
    assert host == proxy.url.removeprefix("https://")


class GoesOn(socketserver.ThreadingTCPServer):
    """Sends one event of a page, and nothing more until it is over."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Tells)
        self.over = threading.Event()
        self.hosts: list[str] = []
        self.address = f"127.0.0.1:{self.server_address[1]}"


class Tells(socketserver.StreamRequestHandler):
    server: GoesOn

    def handle(self) -> None:
        first = self.rfile.readline()
        while line := self.rfile.readline().decode().strip():
            name, _, text = line.partition(": ")
            if name.lower() == "host" and b"/console" in first:
                self.server.hosts.append(text)
        if b"/readyz" in first:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        self.wfile.write(head + b"data: one\n\n")
        self.server.over.wait(20)


@contextlib.contextmanager
def goes_on() -> Iterator[GoesOn]:
    with GoesOn() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
