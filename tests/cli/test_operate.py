"""What an operator does by the command line, on the store of a bridge that runs."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Ran, bridge
from tests.support.processes import BEARER, Pair, a_pair

INACTIVE = [{"kind": "error", "code": 404, "text": "Workflow is not active"}]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with a_pair(tmp_path) as running:
        yield running


def asked(pair: Pair, *arguments: str) -> Ran:
    environ = {
        **pair.bridge.environ,
        "BRIDGE_OPERATOR": "olga",
        "BRIDGE_CONFIG": str(pair.folder / "bridge.yaml"),
    }
    return bridge(*arguments, environ=environ)


def call(pair: Pair, crm_id: str, **wait: int) -> str:
    """The id of its delivery, when it is done."""
    answer = httpx.post(
        f"{pair.bridge.url}/hooks/forms", params=wait, json={"crm_id": crm_id}, headers=BEARER,
        timeout=30,
    )  # fmt: skip
    delivery: str = answer.json()["deliveries"][0]["id"]
    return delivery


def put(pair: Pair, faults: list[dict[str, object]]) -> None:
    httpx.put(f"{pair.sandbox.url}/_sandbox/faults", json=faults).raise_for_status()


def started(pair: Pair) -> int:
    total: int = httpx.get(f"{pair.sandbox.url}/_sandbox/starts").json()["total"]
    return total


def wait_until_started(pair: Pair, count: int) -> None:
    end = time.monotonic() + 15
    while started(pair) < count:
        assert time.monotonic() < end, pair.bridge.log.read_text()


def a_file_of_today(pair: Pair, scenario: str) -> str:
    path = pair.folder / "today.yaml"
    text = (pair.folder / "bridge.yaml").read_text()
    path.write_text(text.replace("scenario: 3", scenario))
    return str(path)


def test_dead_letters_are_counted_and_replayed_at_a_pace_and_the_act_is_recorded(
    pair: Pair,
) -> None:
    put(pair, INACTIVE)
    dead = [call(pair, str(n), wait=15) for n in (1, 2, 3)]
    put(pair, [])

    counted = asked(pair, "deliveries", "replay", "--since", "1h", "--dry-run", "--json").json
    unsure = asked(pair, "deliveries", "replay", "--since", "1h")
    done = asked(pair, "deliveries", "replay", "--since", "1h", "--rate", "50/s", "--yes", "--json")

    assert counted == {
        "total": 3,
        "of": [{"rule": "welcome", "state": "dead", "outcome": "scenario_unavailable", "count": 3}],
    }
    assert (unsure.status, "--yes" in unsure.err) == (2, True)
    act = done.json["act"]
    fresh = set(done.json["replayed"])
    assert len(fresh) == 3
    listed = asked(pair, "deliveries", "list", "--act", act, "--json").json
    assert {one["id"]: one["replay_of"] for one in listed}.keys() == fresh
    assert {one["replay_of"] for one in listed} == set(dead)
    recorded, *_ = (one for one in asked(pair, "acts", "--json").json if one["who"] == "olga")
    assert (recorded["who"], recorded["kind"], recorded["count"]) == ("olga", "replay", 3)
    assert asked(pair, "deliveries", "replay", "--since", "1h", "--yes").status == 1


def test_a_person_is_found_by_what_names_them(pair: Pair) -> None:
    mine = call(pair, "777001", wait=15)
    call(pair, "777002", wait=15)

    found = asked(pair, "deliveries", "list", "--crm-id", "777001", "--json").json

    assert [one["id"] for one in found] == [mine]
    assert asked(pair, "deliveries", "list", "--email", "nonsense").status == 2


def test_a_rule_is_paused_its_starts_wait_and_can_be_cancelled_or_go_on(pair: Pair) -> None:
    assert asked(pair, "pause", "rule", "welcome", "--reason", "new texts").status == 0
    assert asked(pair, "pause", "rule", "welcome").status == 1
    first, second = call(pair, "1"), call(pair, "2")

    paused = asked(pair, "paused", "--json").json["pauses"]
    cancelled = asked(pair, "deliveries", "cancel", first, "--json").json["cancelled"]
    assert started(pair) == 0
    resumed = asked(pair, "resume", "rule", "welcome")

    assert [(one["kind"], one["name"], one["who"], one["reason"]) for one in paused] == [
        ("rule", "welcome", "olga", "new texts")
    ]
    assert (cancelled, resumed.status) == (1, 0)
    assert second
    wait_until_started(pair, 1)
    kinds = [act["kind"] for act in asked(pair, "acts", "--json").json]
    assert kinds == ["resume", "cancel", "pause"]


def test_a_call_that_no_rule_took_starts_by_the_rules_of_today(pair: Pair) -> None:
    httpx.post(f"{pair.bridge.url}/hooks/forms", json={"who": "777"}, headers=BEARER)
    [ignored] = asked(pair, "events", "list", "--status", "ignored", "--json").json
    today = a_file_of_today(pair, "scenario: 3, match: [{custom: CRM_ID, value: body.who}]")

    before = asked(pair, "events", "replay", ignored["id"], "--json")
    done = asked(pair, "events", "replay", ignored["id"], "--config", today, "--json")
    again = asked(pair, "events", "replay", ignored["id"], "--config", today, "--json")

    assert (before.status, len(before.json["left"])) == (1, 1)
    [delivery] = done.json["replayed"]
    assert again.json["left"] == {"the rule has a delivery of the event already": 1}
    assert delivery
    wait_until_started(pair, 1)


def test_a_dead_letter_is_sent_as_todays_rules_would(pair: Pair) -> None:
    put(pair, INACTIVE)
    old = call(pair, "1", wait=15)
    put(pair, [])
    today = a_file_of_today(pair, "scenario: 4")

    done = asked(
        pair, "deliveries", "replay", old, "--rules", "current", "--config", today, "--json"
    )

    [fresh] = done.json["replayed"]
    shown = asked(pair, "deliveries", "show", fresh, "--json").json
    assert (shown["scenario"], shown["replay_of"]) == (4, old)
    assert asked(pair, "deliveries", "show", old, "--json").json["replayed_as"] == fresh


def test_nothing_is_done_to_all_there_is_by_mistake(pair: Pair) -> None:
    for command in (("deliveries", "replay"), ("deliveries", "cancel"), ("events", "replay")):
        ran = asked(pair, *command, "--yes")

        assert ran.status == 2
        assert "say which" in ran.err
