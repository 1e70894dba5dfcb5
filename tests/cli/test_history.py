"""`bridge events` and `bridge deliveries`, on the store of a bridge that ran."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Ran, bridge
from tests.support.processes import BEARER, Pair, a_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with a_pair(tmp_path_factory.mktemp("history")) as running:
        for body in ({"crm_id": "777001"}, {"text": "nobody"}):
            httpx.post(
                f"{running.bridge.url}/hooks/forms?wait=15", json=body, headers=BEARER, timeout=30
            )
        yield running


def asked(pair: Pair, *arguments: str) -> Ran:
    return bridge(*arguments, environ=pair.bridge.environ)


def test_events_are_listed_the_newest_first_with_the_reason_of_the_ignored(pair: Pair) -> None:
    events = asked(pair, "events", "list", "--json").json

    assert [event["status"] for event in events] == ["ignored", "accepted"]
    assert 'nearest is rule "welcome"' in events[0]["reason"]
    assert "welcome" in asked(pair, "events", "list").out


def test_lists_can_be_narrowed_and_an_empty_one_is_an_exit_status(pair: Pair) -> None:
    ignored = asked(pair, "events", "list", "--status", "ignored", "--json")
    dead = asked(pair, "deliveries", "list", "--state", "dead")

    assert [event["status"] for event in ignored.json] == ["ignored"]
    assert (dead.status, dead.err.strip()) == (1, "none")


def test_a_call_is_shown_without_the_person_unless_it_is_asked_for(pair: Pair) -> None:
    [accepted] = asked(pair, "events", "list", "--status", "accepted", "--json").json

    hidden = asked(pair, "events", "show", accepted["id"], "--json")
    shown = asked(pair, "events", "show", accepted["id"], "--json", "--reveal")

    assert "777001" not in hidden.out
    assert shown.json["body"] == {"crm_id": "777001"}
    assert "forms-secret" not in shown.out


def test_a_delivery_is_shown_with_each_attempt(pair: Pair) -> None:
    [delivery] = asked(pair, "deliveries", "list", "--state", "done", "--json").json

    shown = asked(pair, "deliveries", "show", delivery["id"], "--json").json

    assert (shown["state"], shown["outcome"]) == ("done", "accepted")
    assert [a["http_status"] for a in shown["attempts_made"]] == [200]
    assert "accepted" in asked(pair, "deliveries", "show", delivery["id"]).out


def test_a_replay_is_delivered_by_the_bridge_that_runs(tmp_path: Path) -> None:
    with a_pair(tmp_path) as pair:
        answer = httpx.post(
            f"{pair.bridge.url}/hooks/forms?wait=15", json={"crm_id": "9"}, headers=BEARER,
            timeout=30,
        )  # fmt: skip
        first = answer.json()["deliveries"][0]["id"]

        replayed = asked(pair, "deliveries", "replay", first, "--json")
        [again] = replayed.json["replayed"]
        state = "pending"
        while state in ("pending", "in_flight"):
            state = asked(pair, "deliveries", "show", again, "--json").json["state"]

        shown = asked(pair, "deliveries", "show", again, "--json").json
        assert shown["replay_of"] == first
        assert state == "done"
        assert len([e for e in pair.received() if e["started"]]) == 2


def test_what_is_not_there_is_an_exit_status(pair: Pair) -> None:
    for arguments in (
        ("events", "show", "nothing"),
        ("deliveries", "show", "nothing"),
    ):
        ran = asked(pair, *arguments)
        assert ran.status == 1
        assert "there is no" in ran.err
    assert asked(pair, "deliveries", "replay", "nothing").status == 1


def test_a_store_that_cannot_be_used_says_so() -> None:
    ran = bridge("events", "list", environ={"BRIDGE_DATABASE_URL": "nonsense"})

    assert ran.status == 2
    assert "BRIDGE_DATABASE_URL" in ran.err
