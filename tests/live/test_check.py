"""A configuration held against a platform that runs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.config.document import parse_document
from app.config.secrets import SecretReader
from app.live import LiveCheck, Scenarios, check_live
from app.live.listing import Listing, Unlisted, list_scenarios
from app.revision import Revision, build_revision
from app.sandbox import World
from app.sandbox.people import Rights, Scenario, WorldFile
from tests.support.clock import ManualClock
from tests.support.sandbox import RunningSandbox
from tests.support.sandboxes import TOKEN

CONFIG = """\
version: 1
destinations: {{main: {{url: "{url}", token: {{env: ALTCRAFT_TOKEN}}, timeout: 2s}}}}
sources: {{forms: {{auth: {{bearer: {{env: FORMS_TOKEN}}}}}}}}
rules:
  - {{name: plain, scenario: 1}}
  - {{name: many, scenario: {{by: body.kind, of: {{a: 1, b: 2, c: 404}}, default: 405}}}}
  - {{name: mailing, trigger: 77}}
"""


def a_revision(url: str, token: str = TOKEN) -> Revision:
    secrets = {"ALTCRAFT_TOKEN": token, "FORMS_TOKEN": "a-secret-of-good-length"}
    document = parse_document(CONFIG.format(url=url).encode(), file="bridge.yaml")
    return build_revision(document, SecretReader(secrets, Path()))


def a_world(scenarios: int) -> World:
    numbered = [Scenario(id=n, name=f"no {n}", is_active=n != 2) for n in range(1, scenarios + 1)]
    return World(WorldFile(tokens={TOKEN: Rights.ALL, "weak": Rights.NONE}, scenarios=numbered))


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with RunningSandbox(world=a_world(3)) as running:
        yield running


async def checked(url: str, token: str = TOKEN) -> LiveCheck:
    return await check_live(a_revision(url, token), Scenarios(ManualClock()))


async def test_every_scenario_that_a_rule_may_start_is_looked_for(sandbox: RunningSandbox) -> None:
    found = await checked(sandbox.url)

    where = 'rule "many": destination "main": '
    assert {fault.key: fault.reason.removeprefix(where) for fault in found.faults} == {
        "rules[1].scenario.of.b": 'scenario 2 "no 2" is not active',
        "rules[1].scenario.of.c": "there is no scenario 404",
        "rules[1].scenario.default": "there is no scenario 405",
    }
    assert (found.unreached, found.unchecked) == ((), ("mailing",))


@pytest.mark.parametrize(("token", "said"), [("weak", "No rights"), ("wrong", "Wrong token")])
async def test_a_token_that_may_not_look_is_named(
    sandbox: RunningSandbox, token: str, said: str
) -> None:
    [fault] = (await checked(sandbox.url, token)).faults

    assert fault.key == "destinations.main.token"
    assert said in fault.reason
    assert token not in fault.reason.replace("Wrong token", "")


async def test_a_platform_that_is_not_there_is_named_apart(sandbox: RunningSandbox) -> None:
    url = sandbox.url
    await sandbox.stop()

    found = await checked(url)

    assert [fault.key for fault in found.faults] == ["destinations.main.url"]
    assert found.unreached == ("main",)


async def test_what_is_not_altcraft_is_said_so(sandbox: RunningSandbox) -> None:
    sandbox.answer_html(method="workflows/list")

    [fault] = (await checked(sandbox.url)).faults

    assert "does not answer as Altcraft does: unreadable" in fault.reason


async def test_long_lists_are_read_to_their_end() -> None:
    async with RunningSandbox(world=a_world(2500)) as sandbox:
        platform = a_revision(sandbox.url).platforms["main"]

        found = await list_scenarios(platform, ManualClock())

        assert isinstance(found, Listing)
        assert (len(found.scenarios), found.is_whole) == (2500, True)
        assert len(sandbox.received) == 3


async def test_many_that_ask_at_once_make_one_request_until_it_is_old(
    sandbox: RunningSandbox,
) -> None:
    clock = ManualClock()
    scenarios = Scenarios(clock)
    platform = a_revision(sandbox.url).platforms["main"]

    await asyncio.gather(*(scenarios.of(platform) for _ in range(5)))
    assert len(sandbox.received) == 1

    clock.pass_s(11)
    await scenarios.of(platform)
    assert len(sandbox.received) == 2


async def test_another_token_asks_anew(sandbox: RunningSandbox) -> None:
    scenarios = Scenarios(ManualClock())
    await scenarios.of(a_revision(sandbox.url).platforms["main"])

    found = await scenarios.of(a_revision(sandbox.url, "weak").platforms["main"])

    assert isinstance(found, Unlisted)
    assert found.is_refused
