"""Every known system's call, from a socket to a start in the stand-in, and one that is refused."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import httpx
import pytest

from app.api.health import Readiness
from app.delivery.worker import WorkerLimits
from app.ingest.accept import Acceptor
from app.ingest.calls import CallMaker, networks
from app.ingest.entry import Entry
from app.ingest.intake import Intake
from app.ingest.short_way import ShortWay
from app.ingest.unkept import Unkept
from app.ingest.wait import Outcomes
from app.outbox import Outbox
from app.revision import Revision, read_revision
from app.sandbox import RunningSandbox
from app.service.app import create_app
from app.sources.call import Call
from app.sources.presets import Example, presets
from app.sources.presets.example import Becomes
from app.web.server import address, listen, serving
from app.web.short_way import by_short_way
from tests.delivery.bench import Bench
from tests.support.clock import ManualClock
from tests.support.presets import needs_secret, source_text, variable_of
from tests.support.sandboxes import a_sandbox
from tests.support.senders import PAYPAL_ROOTS, Fetched
from tests.support.sources import AT, SECRETS, a_source, example_call

NAMES = list(presets())
STRANGER = "198.51.100.7"
LIMITS = WorkerLimits(lease_s=30, poll_s=0.05, grace_s=5)


@dataclass(frozen=True, slots=True)
class Running:
    client: httpx.AsyncClient
    sandbox: RunningSandbox

    async def send(self, call: Call) -> httpx.Response:
        path = f"/hooks/{call.source}" + (f"/{call.path}" if call.path else "")
        query = f"?{call.raw_query}" if call.raw_query else ""
        headers = {**call.headers, "x-forwarded-for": call.client or STRANGER}
        return await self.client.request(
            call.method, path + query, headers=headers, content=call.body
        )


def configuration() -> str:
    lines = [
        "version: 1",
        'destinations: {main: {url: "http://127.0.0.1:9", token: {env: SECRET}}}',
        "sources:",
    ]
    for name in NAMES:
        lines.append(f"  {name}:")
        lines += [f"    {line}" for line in source_with_auth(name).splitlines()]
    lines.append("rules:")
    for name in NAMES:
        match = f"[{{custom: CRM_ID, value: '\"{name}\"'}}]"
        lines.append(f"  - {{name: {name}, source: {name}, match: {match}, scenario: 3}}")
    return "\n".join(lines)


def source_with_auth(name: str, *, is_right: bool = True) -> str:
    bearer = f"auth: {{bearer: {{env: {variable_of(name, is_right=is_right)}}}}}"
    return source_text(name, is_right=is_right).replace("auth: none", bearer)


@pytest.fixture(scope="module")
def revision(tmp_path_factory: pytest.TempPathFactory) -> Revision:
    path = tmp_path_factory.mktemp("presets") / "bridge.yaml"
    path.write_text(configuration(), encoding="utf-8")
    return read_revision(path, {**SECRETS, "ROOTS": PAYPAL_ROOTS}, Fetched())


@pytest.fixture(params=["by the short way", "by ASGI"])
async def running(
    tmp_path: Path, revision: Revision, request: pytest.FixtureRequest
) -> AsyncIterator[Running]:
    clock, rng = ManualClock(AT), Random(1)
    maker = CallMaker("https://bridge.example.com", networks(("127.0.0.0/8",)))
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(a_sandbox(knows_everybody=True))
        url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
        outbox = await stack.enter_async_context(Outbox.open(url, clock=clock))
        acceptor = Acceptor(outbox)
        intake = Intake(lambda: revision, acceptor, Unkept(outbox, clock, rng))
        entry = Entry(intake, acceptor, Outcomes(outbox, clock, rng), maker, clock)
        short = by_short_way(ShortWay(intake, acceptor, maker, clock))
        ways = {"by the short way": short, "by ASGI": None}
        app = create_app(entry, Readiness(outbox, clock), lambda: revision, lambda: False)
        sock = listen("127.0.0.1", 0)
        await stack.enter_async_context(serving(app, sock, http=ways[request.param]))
        await stack.enter_async_context(Bench(outbox, sandbox, clock).working())
        client = httpx.AsyncClient(base_url=address(sock), trust_env=False, timeout=20)
        yield Running(await stack.enter_async_context(client), sandbox)


def first_call(name: str) -> Example:
    return next(each for each in presets()[name].examples if each.becomes is Becomes.TAKEN)


def as_sent(name: str, *, is_right: bool = True) -> Call:
    """By the system itself, or by somebody who knows another secret."""
    source = a_source(source_with_auth(name, is_right=is_right), name=name)
    secret = SECRETS[variable_of(name, is_right=is_right)]
    call = example_call(first_call(name), source, secret=secret, verify_token=SECRETS["VERIFY"])
    # Where the example has no proof in it, the preset leaves the way to the user.
    proof = {"authorization": f"Bearer {secret}"} if presets()[name].auth is None else {}
    return replace(call, headers={**call.headers, **proof})


def forged(name: str) -> Call:
    if needs_secret(presets()[name]) or presets()[name].auth is None:
        return as_sent(name, is_right=False)
    # Known by a key of its own or by its address.
    call = as_sent(name)
    return replace(call, body=call.body + b" ", client=STRANGER)


async def test_a_call_of_every_system_starts_its_scenario_and_a_forged_one_is_refused(
    running: Running,
) -> None:
    refused = {name: (await running.send(forged(name))).status_code for name in NAMES}
    taken = {name: (await running.send(as_sent(name))).status_code for name in NAMES}

    events = sum(len(first_call(name).keys) for name in NAMES)
    # Where some are missing, the names below say whose.
    with contextlib.suppress(TimeoutError):
        await running.sandbox.journal.wait_for_starts(events, limit_s=20)
    starts = running.sandbox.journal.starts
    assert set(refused.values()) == {401}, refused
    assert [name for name, status in taken.items() if not 200 <= status < 300] == []
    assert Counter(str(start.body["field_value"]) for start in starts) == {
        name: len(first_call(name).keys) for name in NAMES
    }
