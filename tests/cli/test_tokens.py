"""`bridge token` and `bridge forget`, on the store of a bridge that runs."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.test_operate import asked, call
from tests.support.processes import BEARER, Pair, a_pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with a_pair(tmp_path) as running:
        yield running


def test_a_token_opens_the_api_until_it_is_revoked_and_is_kept_nowhere(pair: Pair) -> None:
    def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{pair.bridge.url}/api/v1/acts", headers=headers).status_code

    made = asked(pair, "token", "make", "olga", "--role", "operator")
    token = made.out.strip()
    again = asked(pair, "token", "make", "olga", "--role", "viewer")
    listed = asked(pair, "token", "list", "--json")
    opened = status(token)
    revoked = asked(pair, "token", "revoke", "olga")

    assert (made.status, token[:7], len(token) >= 7 + 43) == (0, "bridge_", True)
    assert (again.status, "revoke it first" in again.err) == (1, True)
    assert [(one["name"], one["role"], one["made_by"]) for one in listed.json] == [
        ("olga", "operator", "olga")
    ]
    assert (opened, status(token)) == (200, 401)
    assert (revoked.status, asked(pair, "token", "revoke", "olga").status) == (0, 1)
    kinds = [act["kind"] for act in asked(pair, "acts", "--json").json]
    assert kinds == ["revoke_token", "make_token"]
    for file in pair.folder.iterdir():
        assert token.encode() not in file.read_bytes(), file.name


@pytest.mark.parametrize("name", ["admin", "", "a\nb", "x" * 101])
def test_a_name_that_says_nothing_is_refused(pair: Pair, name: str) -> None:
    assert asked(pair, "token", "make", name, "--role", "viewer").status == 2


def test_a_person_is_forgotten_after_it_was_asked(pair: Pair) -> None:
    call(pair, "777001", wait=15)
    other = call(pair, "777002", wait=15)
    httpx.post(f"{pair.bridge.url}/hooks/forms", json={"who": 1}, headers=BEARER)

    nobody = asked(pair, "forget")
    unsure = asked(pair, "forget", "--crm-id", "777001")
    counted = asked(pair, "forget", "--crm-id", "777001", "--dry-run", "--json")
    done = asked(pair, "forget", "--crm-id", "777001", "--yes", "--json")
    again = asked(pair, "forget", "--crm-id", "777001", "--yes")

    assert (nobody.status, unsure.status, again.status) == (2, 2, 1)
    assert "--yes" in unsure.err
    assert (counted.json["act"], counted.json["deliveries"], counted.json["events"]) == (None, 1, 1)
    assert (done.status, done.json["deliveries"], done.json["attempts"]) == (0, 1, 1)
    [kept] = asked(pair, "deliveries", "list", "--crm-id", "777002", "--json").json
    assert kept["id"] == other
    assert "777001" not in asked(pair, "events", "list", "--json").out
    acts = asked(pair, "acts", "--json")
    assert [act["kind"] for act in acts.json][-1] == "forget"
    assert "777001" not in acts.out
