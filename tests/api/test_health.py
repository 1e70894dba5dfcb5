"""What a look from outside says of the destinations."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.kit.clock import SystemClock
from app.outbox import ActKind, Pause, PauseKind, Stoppage
from tests.support.bridges import RunningBridge, a_running_bridge
from tests.support.values import an_act


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[RunningBridge]:
    async with a_running_bridge(tmp_path) as running:
        yield running


async def test_a_destination_that_takes_no_starts_is_named_and_calls_are_taken_all_the_same(
    bridge: RunningBridge,
) -> None:
    now = SystemClock().now()
    await bridge.parts.outbox.put_stoppages([Stoppage("main", "token_refused", now, now)], [])

    ready = await bridge.client.get("/readyz")

    assert ready.status_code == 200
    main = ready.json()["destinations"]["main"]
    assert (main["state"], main["cause"]) == ("stopped", "token_refused")
    assert main["next_probe_at"] == now.isoformat()
    assert (await bridge.call({"kind": "new", "crm_id": "1", "id": 1})).status_code == 202


async def test_a_destination_that_an_operator_paused_is_named_so(bridge: RunningBridge) -> None:
    pause = Pause(PauseKind.DESTINATION, "main", SystemClock().now(), "olga", "maintenance")
    await bridge.parts.outbox.pause(pause, an_act(ActKind.PAUSE))

    main = (await bridge.client.get("/readyz")).json()["destinations"]["main"]

    assert (main["state"], main["cause"]) == ("paused", "maintenance")


async def test_the_metrics_say_what_waits_and_what_stopped(bridge: RunningBridge) -> None:
    now = SystemClock().now()
    await bridge.parts.outbox.put_stoppages([Stoppage("main", "plan_limit", now, now)], [])
    await bridge.call({"kind": "new", "crm_id": "1", "id": 1})

    answer = await bridge.client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert "bridge_store_writable 1.0" in lines
    assert 'bridge_destination_stopped{cause="plan_limit",destination="main"} 1.0' in lines
    assert 'bridge_deliveries_waiting{destination="main",state="pending"} 1.0' in lines
    assert any(line.startswith("bridge_oldest_waiting_seconds{") for line in lines)


async def test_a_destination_that_takes_starts_is_open(bridge: RunningBridge) -> None:
    ready = (await bridge.client.get("/readyz")).json()
    metrics = (await bridge.client.get("/metrics")).text

    assert ready["destinations"] == {"main": {"state": "open"}}
    assert 'bridge_destination_stopped{cause="none",destination="main"} 0.0' in metrics
