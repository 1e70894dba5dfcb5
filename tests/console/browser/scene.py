"""A morning of a shop: what a console has to show where something went well, and something not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from app.model.delivery import Delivery
from app.outbox import DeliveryFilter
from tests.console.visits import Console, a_console

CONFIG = """\
version: 1
delivery: {{lease: 30s, poll: 100ms}}
destinations:
  main: {{url: "{url}", token: {{env: ALTCRAFT_TOKEN}}, rate: 600/m, concurrency: 4, timeout: 5s}}
sources:
  forms:
    auth: {{bearer: {{env: FORMS_TOKEN}}}}
    dedup: body.id
  tilda: {{preset: tilda, auth: {{path_secret: {{env: TILDA_SECRET}}}}}}
  shop:
    auth: {{bearer: {{env: SHOP_TOKEN}}}}
    dedup: body.order.id
rules:
  - name: welcome
    source: forms
    when: body.kind == "new"
    scenario: 1
    content: {{name: body.name}}
  - name: paid
    source: shop
    when: body.event == "order.paid" && body.order.total > 500
    match: [{{email: body.order.email}}]
    scenario: 2
    content: {{order: body.order.id, total: body.order.total}}
  - name: from-the-site
    source: tilda
    match: [{{email: body.Email}}]
    scenario: 3
"""
TILDA_SECRET = "a-secret-of-the-tilda-site"
SECRETS = {"TILDA_SECRET": TILDA_SECRET, "SHOP_TOKEN": "shop-secret-of-some-length"}
_SHOP = {"Authorization": "Bearer shop-secret-of-some-length"}
NAMES = ("anna", "boris", "clara", "dmitry", "elena", "fedor")


@contextlib.asynccontextmanager
async def a_shop(folder: Path) -> AsyncIterator[Console]:
    async with a_console(folder, CONFIG, secrets=SECRETS) as console:
        yield console


async def submit(console: Console, secret: str = TILDA_SECRET, **fields: str) -> httpx.Response:
    """A form of the Tilda site."""
    return await console.bridge.client.post(f"/hooks/tilda/{secret}", data=fields)


async def newcomers(console: Console, *names: str) -> None:
    for name in names:
        body = {"id": name, "kind": "new", "name": name.title(), "email": f"{name}@example.com"}
        assert (await console.bridge.call(body)).status_code == 202


async def pay(console: Console, name: str, total: int) -> str:
    """The id of the event."""
    order = {"id": f"17-{name}", "total": total, "email": f"{name}@example.com"}
    body = {"event": "order.paid", "order": order}
    answer = await console.bridge.call(body, source="shop", headers=_SHOP)
    event: str = answer.json()["event_id"]
    return event


async def ended(console: Console, count: int) -> list[Delivery]:
    """The deliveries, when so many have ended; the newest first."""
    async with asyncio.timeout(15):
        while True:
            found = await console.bridge.parts.outbox.deliveries(DeliveryFilter(), limit=100)
            over = [one for one in found if one.finished_at]
            if len(over) >= count:
                return over


async def a_morning(console: Console) -> str:
    """Starts, a rule that did not hold, a refused call, failures and a pause. The id of an event
    that started something."""
    paid = await pay(console, "olga", 990)
    await pay(console, "petr", 120)
    await newcomers(console, *NAMES[:2])
    await submit(console, Name="Ivan", Email="ivan@example.com", tranid="1:1")
    await submit(console, "wrong", Name="Ivan", tranid="1:2")
    await ended(console, 4)
    console.sandbox.answer_error(404, "Workflow is not active", scenario=1)
    await newcomers(console, *NAMES[2:])
    await ended(console, 8)
    console.sandbox.clear_faults()
    await console.olga.send("pause?kind=source&name=shop", reason="the stock is counted")
    return paid
