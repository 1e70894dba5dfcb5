"""`bridge demo`: the main job on embedded defaults."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Any

import httpx
import typer
from pydantic import SecretStr
from ruamel.yaml import YAML

from app.cli.exits import Exit
from app.cli.serve import run
from app.cli.tables import complain, say
from app.config.settings import Settings
from app.ingest.wait import Outcomes
from app.kit.clock import SystemClock
from app.kit.log_choice import LogFormat, LogLevel
from app.kit.secret import Secret
from app.model.delivery import Attempt, Delivery, DeliveryId, DeliveryState
from app.model.event import EventId
from app.model.operator import new_token
from app.observe.logs import configure_logs
from app.outbox import Outbox
from app.sandbox import RunningSandbox, example_world
from app.sandbox import sandbox as running_sandbox
from app.service.run import running_service
from app.web.server import CannotListen, listen

_SECRETS = {
    "ALTCRAFT_TOKEN": "sandbox-token",
    "FORMS_TOKEN": "forms-secret",
    "SHOP_KEY": "shop-secret",
    "BITRIX_TOKEN": "bitrix-secret",
}
_OUTCOME_LIMIT_S = 20.0


def demo(
    *,
    once: Annotated[bool, typer.Option(help="end after the calls, with an exit status")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="of the bridge")] = 8080,
    sandbox_port: Annotated[int, typer.Option(min=0, max=65535, help="of the sandbox")] = 8081,
) -> None:
    """Run sandbox and bridge on embedded defaults, make some calls, show what became of them.

    Exit status 1 when a start that should have happened did not.
    """
    configure_logs(LogFormat.AUTO, LogLevel.ERROR)
    run(_demo(once=once, port=port, sandbox_port=sandbox_port))


@dataclass(frozen=True, slots=True)
class _Running:
    url: str
    sandbox: RunningSandbox
    outbox: Outbox
    config: Path
    token: Secret


async def _demo(*, once: bool, port: int, sandbox_port: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bridge-demo-") as folder:
        async with _running(Path(folder), _free(port), _free(sandbox_port)) as running:
            wrong = await _make_calls(running)
            say(f"{_passed(wrong)}\n")
            if not once:
                await _stay(running)
    if wrong:
        raise typer.Exit(Exit.NO)


def _free(port: int) -> int:
    """`port`, or any when somebody has it already."""
    try:
        listen("127.0.0.1", port).close()
    except CannotListen:
        return 0
    return port


@contextlib.asynccontextmanager
async def _running(folder: Path, port: int, sandbox_port: int) -> AsyncIterator[_Running]:
    async with running_sandbox(example_world(), SystemClock(), port=sandbox_port) as sandbox:
        config = folder / "bridge.yaml"
        text = files("app.cli").joinpath("example/bridge.yaml").read_text()
        config.write_text(text.replace("http://127.0.0.1:8081", sandbox.url))
        token = new_token()
        settings = Settings(
            config=config,
            database_url=f"sqlite+aiosqlite:///{folder}/bridge.db",
            host="127.0.0.1",
            port=port,
            admin_token=SecretStr(token.reveal()),
        )
        async with running_service(settings, _SECRETS) as (url, parts):
            yield _Running(url, sandbox, parts.outbox, config, token)


async def _make_calls(running: _Running) -> list[str]:
    """The titles of the calls of which not what should have started did."""
    calls = YAML(typ="safe").load(files("app.cli").joinpath("example/calls.yaml").read_text())
    wrong = []
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=10) as client:
        for number, call in enumerate(calls, start=1):
            say(f"{number}. {call['title']}", style="bold")
            answer = await _post(client, call)
            started = await _show(running, answer)
            if started != call["starts"]:
                wrong.append(call["title"])
            say()
    return wrong


async def _post(client: httpx.AsyncClient, call: dict[str, Any]) -> httpx.Response:
    method, path = call.get("method", "POST"), f"/hooks/{call['source']}"
    path += f"?{call['query']}" if call.get("query") else ""
    say(f"   in       {method} {path}  {call['body']}")
    headers = call.get("headers", {})
    return await client.request(method, path, content=call["body"].encode(), headers=headers)


async def _show(running: _Running, answer: httpx.Response) -> int:
    """How many scenarios started."""
    shape = answer.json()
    if "event_id" not in shape:
        say(f"   refused  HTTP {answer.status_code}: {shape.get('title', '')}")
        return 0
    say(f"   kept     HTTP {answer.status_code}, {shape['status']}, event {shape['event_id']}")
    if shape["status"] == "ignored":
        event = await running.outbox.event(EventId(shape["event_id"]))
        say(f"   why      {event.reason if event else ''}")
    ids = [DeliveryId(delivery["id"]) for delivery in shape["deliveries"]]
    return sum([await _show_delivery(running, delivery_id) for delivery_id in ids])


async def _show_delivery(running: _Running, delivery_id: DeliveryId) -> bool:
    outcomes = Outcomes(running.outbox, SystemClock(), SystemRandom())
    delivery = await outcomes.final(delivery_id, _OUTCOME_LIMIT_S)
    if delivery is None:
        say("   outcome  not known in time")
        return False
    say(f'   rule     "{delivery.start.rule}" starts scenario {delivery.start.scenario}')
    for attempt in await running.outbox.attempts(delivery_id):
        _show_attempt(running.sandbox, delivery, attempt)
    return delivery.state is DeliveryState.DONE


def _show_attempt(sandbox: RunningSandbox, delivery: Delivery, attempt: Attempt) -> None:
    received = [
        entry
        for entry in sandbox.journal.after(0, 10_000)
        if entry.request_id.startswith(delivery.id)
    ]
    sent = received[attempt.match_index].body if attempt.match_index < len(received) else "nothing"
    say(f"   sent     POST /api/v1.1/workflows/start  {sent}")
    said = f"HTTP {attempt.http_status}, error {attempt.altcraft_error}: {attempt.error_text}"
    say(f"   answer   {said} -> {attempt.outcome.value}")


def _passed(wrong: Sequence[str]) -> str:
    if not wrong:
        return "Every start that should have happened did."
    for title in wrong:
        complain(f"not as it should be: {title}")
    return f"{len(wrong)} calls did not start what they should have."


async def _stay(running: _Running) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    say(f"The bridge runs at   {running.url}  (reference: {running.url}/docs)")
    say(f"The console is at    {running.url}/console  (token: {running.token.reveal()})")
    say(f"The sandbox runs at  {running.sandbox.url}  (what it received)")
    say(f"The configuration is {running.config}  (change it: it is read again)")
    say("\nTry it:")
    say(
        f"  curl -i {running.url}/hooks/forms -H 'Authorization: Bearer forms-secret' \\\n"
        "       -H 'Content-Type: application/json' -d '{\"email\": \"ivan@example.com\"}'"
    )
    say("\nCtrl-C ends both.")
    await stop.wait()
