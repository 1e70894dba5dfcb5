"""Many profiles in a request, and trigger mailings."""

from typing import Any

import pytest

from app.sandbox import Fault, FaultKind
from tests.sandbox.conftest import Caller
from tests.support.sandbox import RunningSandbox

IVAN: dict[str, Any] = {"matching": "email", "email": "ivan@example.com"}
NOBODY = {"matching": "profile_id", "profile_id": "f" * 24}
WRONG = {"matching": "email"}


async def post(caller: Caller, method: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.http.post(f"/api/v1.1/{method}", json={"token": caller.token, **body})
    shape: dict[str, Any] = answer.json()
    return shape


async def put(caller: Caller, fault: Fault) -> None:
    shape = [fault.model_dump(mode="json", exclude_defaults=True)]
    (await caller.http.put("/_sandbox/faults", json=shape)).raise_for_status()


async def test_each_of_a_batch_is_answered_by_itself_and_in_order(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    body = {"workflow_id": 3, "data": [IVAN, NOBODY, WRONG]}

    answer = await post(caller, "workflows/import_and_start_batch", body)

    assert answer["error"] == 0
    assert [member["error"] for member in answer["data"]] == [0, 404, 400]
    assert [entry.person for entry in sandbox.starts] == ["email=ivan@example.com"]
    assert len(sandbox.received) == 3


async def test_what_all_of_a_batch_share_stands_once(caller: Caller) -> None:
    body = {"workflow_id": 3, "matching": "email", "data": [{"email": "ivan@example.com"}]}

    answer = await post(caller, "workflows/import_and_start_batch", body)

    assert answer["data"][0]["error"] == 0


async def test_a_task_is_answered_with_its_number_and_starts_all_the_same(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    body = {"workflow_id": 3, "data": [IVAN]}

    answer = await post(caller, "workflows/import_and_start_batch_task", body)

    assert (answer["error"], "data" in answer) == (0, False)
    assert answer["task_id"]
    assert len(sandbox.starts) == 1


@pytest.mark.parametrize("given", [[], "text", [{}] * 10_001])
async def test_a_batch_of_nothing_or_too_many_is_incorrect(caller: Caller, given: object) -> None:
    body = {"workflow_id": 3, "data": given}

    assert (await post(caller, "workflows/import_and_start_batch", body))["error"] == 400


async def test_altcraft_has_no_batch_of_starts_without_an_import(caller: Caller) -> None:
    answer = await caller.http.post("/api/v1.1/workflows/start_batch", json={})

    assert answer.status_code == 404


async def test_a_batch_with_a_bad_member_can_be_told_to_be_refused_whole(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    await put(caller, Fault(kind=FaultKind.REFUSE_BATCH))

    bad = await post(
        caller, "workflows/import_and_start_batch", {"workflow_id": 3, "data": [IVAN, WRONG]}
    )
    good = await post(
        caller, "workflows/import_and_start_batch", {"workflow_id": 3, "data": [IVAN]}
    )

    assert (bad["error"], good["error"]) == (400, 0)
    assert len(sandbox.starts) == 1


async def test_a_list_of_answers_can_be_told_to_be_short(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    await put(caller, Fault(kind=FaultKind.SHORT_LIST))

    answer = await post(
        caller, "workflows/import_and_start_batch", {"workflow_id": 3, "data": [IVAN, IVAN]}
    )

    assert len(answer["data"]) == 1
    assert len(sandbox.starts) == 2


@pytest.mark.parametrize(
    ("number", "error"), [(1, 0), (2, 404), (99, 404)], ids=["active", "not active", "unknown"]
)
async def test_only_an_active_trigger_mailing_starts(
    sandbox: RunningSandbox, caller: Caller, number: int, error: int
) -> None:
    answer = await post(caller, "campaigns/triggers/start", {"id": number, **IVAN})

    assert answer["error"] == error
    assert [entry.target for entry in sandbox.starts] == (["trigger"] if not error else [])


async def test_trigger_mailings_have_a_batch_and_an_import_of_their_own(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    new = {"matching": "email", "email": "new@example.com"}

    many = await post(caller, "campaigns/triggers/start_batch", {"id": 1, "data": [IVAN]})
    one = await post(caller, "campaigns/triggers/import_and_start", {"id": 1, **new})

    assert (many["data"][0]["error"], one["error"]) == (0, 0)
    assert len(sandbox.starts) == 2


@pytest.mark.parametrize(
    "given",
    [{"subscription_id": 1}, {"email": "a", "phone": "b"}, {"email": "a", "not_strict": "yes"}, {}],
)
async def test_a_subscription_filter_names_one_subscription(
    caller: Caller, given: dict[str, object]
) -> None:
    answer = await caller.start(**IVAN, subscription_filter=given)

    assert answer["error"] == 400
