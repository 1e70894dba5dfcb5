"""`workflows/list`, `activate`, `deactivate`."""

from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.support.sandbox import RunningSandbox


async def test_a_scenario_is_listed_with_what_the_guide_names(caller: Caller) -> None:
    listed = await caller.call("list", {})

    assert (listed["error"], listed["total"], listed["next_from_id"]) == (0, 5, 0)
    assert listed["data"][4] == {
        "id": 5,
        "name": "Last year's sale",
        "list_id": 1,
        "is_active": False,
        "mode": "skip",
        "groups": ["shop"],
        "nodes": [{"name": "Default", "type": "start"}],
    }


async def test_pages_follow_one_another(caller: Caller) -> None:
    seen: list[int] = []
    from_id = 1

    while from_id:
        listed = await caller.call("list", {"from_id": from_id, "limit": 2})
        seen += [scenario["id"] for scenario in listed["data"]]
        from_id = listed["next_from_id"]

    assert seen == [1, 2, 3, 4, 5]


async def test_groups_narrow_the_list(caller: Caller) -> None:
    listed = await caller.call("list", {"groups": ["shop"]})

    assert [scenario["id"] for scenario in listed["data"]] == [2, 4, 5]
    assert listed["total"] == 3


@pytest.mark.parametrize(
    "body", [{"limit": 0}, {"limit": "5"}, {"limit": True}, {"from_id": None}, {"groups": "shop"}]
)
async def test_an_incorrect_list_is_error_400(caller: Caller, body: dict[str, Any]) -> None:
    assert (await caller.call("list", body))["error"] == 400


async def test_a_scenario_starts_only_while_it_is_active(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    await caller.call("activate", {"id": 5, "skip_profiles": True})
    active = await caller.start(id=5, email="ivan@example.com")
    await caller.call("deactivate", {"id": 5})
    inactive = await caller.start(id=5, email="ivan@example.com")

    assert (active["error"], inactive["error"]) == (0, 404)
    assert sandbox.started == ["ivan@example.com"]


@pytest.mark.parametrize(("number", "error"), [(99, 404), ("5", 400), ([5], 400), (None, 400)])
async def test_only_a_scenario_that_exists_can_be_switched(
    caller: Caller, number: object, error: int
) -> None:
    assert (await caller.call("activate", {"id": number}))["error"] == error


async def test_listing_starts_nothing(sandbox: RunningSandbox, caller: Caller) -> None:
    await caller.call("list", {})

    assert [entry.method for entry in sandbox.received] == ["workflows/list"]
    assert sandbox.started == []
