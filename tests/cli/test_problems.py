"""The night by the command line: what is wrong, mended, replayed."""

import asyncio
from pathlib import Path

import pytest

from tests.cli.test_operate import INACTIVE, asked, call, pair, put, wait_until_started
from tests.notices.inbox import an_inbox
from tests.support.commands import bridge
from tests.support.new_stores import copy_store
from tests.support.processes import Pair

__all__ = ["pair"]
BROKEN = "main.scenario.3.scenario_unavailable"


def test_a_night(pair: Pair) -> None:
    put(pair, INACTIVE)
    for n in (1, 2):
        call(pair, str(n), wait=15)
    put(pair, [])

    [concern] = asked(pair, "concerns", "--json").json
    [listed] = asked(pair, "problems", "list", "--json").json
    shown = asked(pair, "problems", "show", BROKEN)
    seen = asked(pair, "problems", "acknowledge", BROKEN, "--note", "I see to it")
    done = asked(pair, "problems", "replay", BROKEN, "--rate", "50/s", "--yes", "--json").json

    assert (concern["cause"], concern["advice"]) == (BROKEN, "activate_scenario")
    assert (listed["letters"], listed["people"], listed["rules"]) == (2, 2, ["welcome"])
    assert "activate it in Altcraft" in shown.out
    assert seen.status == 0
    assert len(done["replayed"]) == 2
    wait_until_started(pair, 2)
    [over] = asked(pair, "problems", "list", "--all", "--json").json
    assert (over["state"], over["letters"]) == ("resolved", 0)


def test_a_problem_is_resolved_and_opened_by_hand(pair: Pair) -> None:
    put(pair, INACTIVE)
    call(pair, "1", wait=15)

    assert asked(pair, "problems", "resolve", BROKEN).status == 0
    again = asked(pair, "problems", "resolve", BROKEN)
    assert asked(pair, "problems", "reopen", BROKEN).status == 0

    assert (again.status, "it is resolved" in again.err) == (1, True)
    acts = asked(pair, "acts", "--json").json
    assert [(one["who"], one["kind"]) for one in acts] == [("olga", "reopen"), ("olga", "resolve")]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    copy_store(tmp_path / "bridge.db")
    environ = {"BRIDGE_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/bridge.db"}

    assert bridge("problems", "list", environ=environ).status == 1
    assert bridge("problems", "show", "main.scenario.9.malformed", environ=environ).status == 1
    nonsense = bridge("problems", "replay", "nonsense", environ=environ)
    assert (nonsense.status, "main.scenario.3" in nonsense.err) == (2, True)


NOTICES = """\
version: 1
destinations: {main: {url: "https://altcraft.example.com", token: {env: TOKEN}}}
sources: {forms: {auth: none}}
rules: [{name: one, scenario: 1}]
notices:
  - {name: night, shape: slack, url: {env: SLACK}, language: ru}
  - {name: programs, shape: json, url: "URL/programs"}
"""


@pytest.mark.parametrize(("answers", "status"), [([], 0), ([200, 500], 3)])
async def test_a_try_out_is_sent_to_all(tmp_path: Path, answers: list[int], status: int) -> None:
    async with an_inbox() as inbox:
        inbox.answers += answers
        path = tmp_path / "bridge.yaml"
        path.write_text(NOTICES.replace("URL", inbox.url))
        environ = {"TOKEN": "altcraft-t0ken", "SLACK": f"{inbox.url}/very-secret"}

        ran = await asyncio.to_thread(bridge, "notices", "test", "--config", path, environ=environ)

    assert ran.status == status
    assert "very-secret" not in ran.out + ran.err
    assert [path for path, _ in inbox.got] == ["/very-secret", "/programs"]
    assert "проверка" in inbox.bodies[0]["text"]
