"""Real processes: a bridge that exports to a collector, whatever the collector does."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import orjson
import pytest

from tests.support.commands import ROOT
from tests.support.processes import (
    CONFIG,
    SECRETS,
    Pair,
    Process,
    a_bridge,
    a_sandbox_process,
    received,
)
from tests.tracing.collectors import a_collector
from tests.tracing.spans import CALLER, SPAN, TRACE


@contextlib.contextmanager
def a_traced_pair(folder: Path, endpoint: str, **environ: str) -> Iterator[Pair]:
    sandbox = a_sandbox_process(folder)
    (folder / "bridge.yaml").write_text(CONFIG.format(sandbox=sandbox.url))
    bridge = a_bridge(folder)
    bridge = replace(
        bridge, environ={**bridge.environ, "BRIDGE_OTLP_ENDPOINT": endpoint, **environ}
    )
    try:
        sandbox.start()
        bridge.start()
        yield Pair(bridge, sandbox, folder)
    finally:
        bridge.kill()
        sandbox.kill()


async def call(bridge: Process, crm_id: str = "1", *, wait_s: int = 15) -> httpx.Response:
    async with httpx.AsyncClient(base_url=bridge.url, trust_env=False, timeout=20) as client:
        url = f"/hooks/keyed?key=key-secret&wait={wait_s}"
        return await client.post(url, json={"crm_id": crm_id}, headers=CALLER)


def lines(bridge: Process) -> list[dict[str, object]]:
    found = []
    for line in bridge.log.read_bytes().splitlines():
        with contextlib.suppress(orjson.JSONDecodeError):
            found.append(orjson.loads(line))
    return found


async def test_one_trace_goes_from_the_caller_by_two_processes_to_altcraft(tmp_path: Path) -> None:
    async with a_collector() as collector:
        given = {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=of-the-collector"}
        with a_traced_pair(tmp_path, collector.url, **given) as pair:
            answer = await call(pair.bridge)
            status = await asyncio.to_thread(pair.bridge.stop)
            spans = await collector.received(2)
            [sent] = received(tmp_path)

    [server] = [span for span in spans if span.name == "POST /hooks/{source}"]
    [client] = [span for span in spans if span.name == "start scenario"]
    assert answer.json()["deliveries"][0]["outcome"] == "accepted"
    assert status == 0
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    assert server.parent_span_id.hex() == SPAN
    assert client.parent_span_id == server.span_id
    assert sent["traceparent"] == f"00-{TRACE}-{client.span_id.hex()}-01"
    head = collector.heads[0].lower()
    assert head.startswith("post /v1/traces http/1.1")
    assert "api-key: of-the-collector" in head
    names = {
        attribute.key: attribute.value.string_value
        for attribute in collector.requests[0].resource_spans[0].resource.attributes
    }
    assert names["service.name"] == "altcraft-scenario-bridge"
    told = [line for line in lines(pair.bridge) if "event_id" in line]
    assert {line["event"] for line in told} == {"call.accepted", "delivery.attempted"}
    assert {line["trace_id"] for line in told} == {TRACE}


async def test_what_was_stored_goes_on_with_its_trace_after_a_restart(tmp_path: Path) -> None:
    async with a_collector() as collector:
        with a_traced_pair(tmp_path, collector.url) as pair:
            pair.sandbox.kill()
            await call(pair.bridge, wait_s=0)
            pair.bridge.kill()
            pair.sandbox.start()
            pair.bridge.start()
            async with asyncio.timeout(30):
                while not received(tmp_path):  # noqa: ASYNC110 - a file tells nobody of changes
                    await asyncio.sleep(0.05)
            [sent] = received(tmp_path)

    assert str(sent["traceparent"]).split("-")[1] == TRACE


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 401 No secret-reason\r\ncontent-length: 6\r\n\r\nsecret", "HTTP 401"),
        (b"HTTP/1.1 503 Away\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n", "HTTP 503"),
        (b"", "ReadTimeout"),
    ],
)
async def test_a_collector_that_does_not_take_them_is_told_of_once_and_holds_up_nothing(
    tmp_path: Path, answer: bytes, cause: str
) -> None:
    async with a_collector(answer) as collector:
        given = {
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=of-the-collector",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        with a_traced_pair(tmp_path, collector.url, **given) as pair:
            for number in range(2):
                taken = await call(pair.bridge, str(number))
                assert taken.json()["deliveries"][0]["outcome"] == "accepted"
                await collector.received(2 * number + 2)
            status = await asyncio.to_thread(pair.bridge.stop)

    assert status == 0
    told = [line for line in lines(pair.bridge) if str(line["event"]).startswith("traces.")]
    assert [(line["event"], line["cause"]) for line in told] == [("traces.not_exported", cause)]
    text = pair.bridge.log.read_text()
    assert "secret-reason" not in text
    assert "of-the-collector" not in text
    assert "Traceback" not in text


async def ran(*arguments: str, environ: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env=environ,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(30):
        _, errors = await process.communicate()
    return process.returncode or 0, errors.decode()


# As where the extra was not installed: nothing of it can be imported.
WITHOUT = """\
import sys
sys.modules["opentelemetry.sdk"] = None
sys.modules["opentelemetry.exporter"] = None
sys.argv[0] = "bridge"
from app.__main__ import main
main()
"""


async def test_where_the_packages_are_missing_it_says_which_to_install(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(CONFIG.format(sandbox="http://127.0.0.1:9"))
    environ = {**SECRETS, "BRIDGE_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    arguments = ("serve", "--config", str(tmp_path / "bridge.yaml"), "--port", "0")

    status, errors = await ran("-c", WITHOUT, *arguments, environ=environ)

    assert status == 2
    assert "BRIDGE_OTLP_ENDPOINT" in errors
    assert "altcraft-scenario-bridge[otel]" in errors
    assert "Traceback" not in errors


async def test_a_variable_of_opentelemetry_that_cannot_be_used_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(CONFIG.format(sandbox="http://127.0.0.1:9"))
    environ = {
        **SECRETS,
        "BRIDGE_OTLP_ENDPOINT": "http://127.0.0.1:4318",
        "OTEL_BSP_MAX_QUEUE_SIZE": "0",
    }
    arguments = ("serve", "--config", str(tmp_path / "bridge.yaml"), "--port", "0")

    status, errors = await ran("-m", "app", *arguments, environ=environ)

    assert status == 2
    assert "OTEL_*" in errors
    assert "Traceback" not in errors


async def test_without_an_endpoint_nothing_of_the_extra_is_loaded() -> None:
    code = (
        "import sys, app.cli.main, app.service.run; "
        "sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )

    status, errors = await ran("-c", code, environ={})

    assert (status, errors) == (0, "")
