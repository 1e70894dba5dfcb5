"""`workflows/import_and_start`: a profile is made or changed, then the scenario starts."""

from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.support.sandbox import RunningSandbox

IVAN = "66acb337240d5213037986d8"


async def test_an_unknown_profile_is_made_and_found_afterwards(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    body = {
        "workflow_id": 4,
        "matching": "email",
        "email": "new@example.com",
        "data": {"_fname": "Nina", "phones": ["+79001112233"], "CRM_ID": 777},
    }

    made = await caller.call("import_and_start", body)

    by_field = await caller.start(matching="custom", field_name="CRM_ID", field_value="777")
    by_phone = await caller.start(matching="phone", phone="+79001112233")
    by_email = await caller.start(email="new@example.com")
    assert made["error"] == 0
    assert {by_field["profile_id"], by_phone["profile_id"], by_email["profile_id"]} == {
        made["profile_id"]
    }
    assert sandbox.starts[0].scenario == 4


@pytest.mark.parametrize(
    "body",
    [
        {"matching": "email", "email": "ivan@example.com"},
        {"matching": "email_profile", "email": "ivan@example.com"},
        {"matching": "phone", "phone": "+79000000000"},
        {"matching": "profile_id", "profile_id": IVAN},
        {"matching": "custom", "field_name": "CRM_ID", "field_value": 12345},
    ],
)
async def test_a_known_profile_is_changed_and_no_longer_found_by_what_it_was(
    caller: Caller, body: dict[str, Any]
) -> None:
    given = {"workflow_id": 3, "data": {"email": "vanya@example.com"}, **body}

    changed = await caller.call("import_and_start", given)

    assert changed["profile_id"] == IVAN
    assert (await caller.start(email="vanya@example.com"))["profile_id"] == IVAN
    assert (await caller.start(email="ivan@example.com"))["error"] == 404


async def test_a_profile_id_only_updates(sandbox: RunningSandbox, caller: Caller) -> None:
    body = {"workflow_id": 3, "matching": "profile_id", "profile_id": "0" * 24}

    answer = await caller.call("import_and_start", body)

    assert answer == {"error": 404, "error_text": "Profile not found"}
    assert len(sandbox.world.profiles) == 5


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"matching": None}, "matching must be one of"),
        ({"workflow_id": None, "id": 3}, "workflow_id must be int"),
        ({"data": []}, "data must be object"),
        ({"data": {"email": 1}}, "data.email must be string"),
        ({"data": {"phones": "+79000000000"}}, "data.phones must be array"),
        ({"data": {"phones": [79000000000]}}, "data.phones must be array"),
        ({"skip_triggers": "no"}, "skip_triggers must be bool"),
        ({"db_id": "1"}, "db_id must be int"),
    ],
)
async def test_an_incorrect_import_makes_no_profile_and_starts_nothing(
    sandbox: RunningSandbox, caller: Caller, body: dict[str, Any], names: str
) -> None:
    whole = {"workflow_id": 3, "matching": "email", "email": "new@example.com", **body}

    answer = await caller.call("import_and_start", whole)

    assert answer["error"] == 400
    assert names in answer["error_text"]
    assert sandbox.started == []
    assert len(sandbox.world.profiles) == 5


async def test_matching_has_no_default_here(caller: Caller) -> None:
    body = {"workflow_id": 3, "email": "ivan@example.com"}

    answer = await caller.call("import_and_start", body)

    assert answer["error_text"] == "Incorrect request: matching is required"


async def test_an_inactive_scenario_imports_nobody(sandbox: RunningSandbox, caller: Caller) -> None:
    body = {"workflow_id": 5, "matching": "email", "email": "new@example.com"}

    answer = await caller.call("import_and_start", body)

    assert answer["error_text"] == "Workflow is not active"
    assert len(sandbox.world.profiles) == 5
