"""`workflows/start`, as the guides have it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox import example_world, methods
from tests.sandbox.conftest import START, Caller, calling
from tests.support.sandbox import RunningSandbox

IVAN = "66acb337240d5213037986d8"


@pytest.mark.parametrize(
    "body",
    [
        {"matching": "profile_id", "profile_id": IVAN},
        {"matching": "email", "email": "ivan@example.com"},
        {"matching": "email", "email": "Ivan@Example.COM"},
        {"email": "ivan@example.com"},
        {"matching": "phone", "phone": "+79000000000"},
        {"matching": "custom", "field_name": "CRM_ID", "field_value": "12345"},
        {"matching": "custom", "field_name": "CRM_ID", "field_value": 12345},
    ],
)
async def test_each_documented_way_finds_the_profile_and_starts_the_scenario(
    sandbox: RunningSandbox, caller: Caller, body: dict[str, Any]
) -> None:
    answer = await caller.start(**body)

    assert answer == {"error": 0, "error_text": "Successful operation", "profile_id": IVAN}
    [entry] = sandbox.starts
    assert (entry.scenario, entry.profile_id, entry.status) == (3, IVAN, 200)


@pytest.mark.parametrize("path", [START, f"{START}/"])
async def test_the_slash_at_the_end_may_stand_or_not(caller: Caller, path: str) -> None:
    body = {"token": caller.token, "id": 3, "email": "ivan@example.com"}

    answer = await caller.http.post(path, json=body)

    assert answer.json()["error"] == 0


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"id": None}, "id must be int"),
        ({"id": "3"}, "id must be int"),
        ({"id": True}, "id must be int"),
        ({"id": [3]}, "id must be int"),
        ({"email": ""}, "email is required"),
        ({"email": 5}, "email is required"),
        ({"matching": "phone"}, "phone is required"),
        ({"matching": "profile_id"}, "profile_id is required"),
        ({"matching": "profile_id", "profile_id": "12345"}, "24 hex"),
        ({"matching": "custom", "field_value": "1"}, "field_name is required"),
        ({"matching": "custom", "field_name": "CRM_ID"}, "field_value must be"),
        ({"matching": "custom", "field_name": "CRM_ID", "field_value": 1.5}, "field_value must"),
        ({"matching": "custom", "field_name": "CRM_ID", "field_value": True}, "field_value must"),
        ({"matching": "push"}, "matching must be one of"),
        ({"matching": ["email"]}, "matching must be one of"),
        ({"matching": "email_profile", "email": "ivan@example.com"}, "matching must be one of"),
        ({"content": "text"}, "content must be object"),
        ({"custom_data": []}, "custom_data must be object"),
        ({"attach": {}}, "attach must be array"),
        ({"resource_id": "1"}, "resource_id must be int"),
        ({"subscription_filter": []}, "subscription_filter must be object"),
        ({"custom_request": {}}, "custom_request"),
        ({"custom_request": {}, "subscription_filter": {}}, "not used with custom_request"),
        ({"format": "xml"}, "format json only"),
    ],
)
async def test_an_incorrect_request_is_error_400_in_http_200_and_starts_nothing(
    sandbox: RunningSandbox, caller: Caller, body: dict[str, Any], names: str
) -> None:
    answer = await caller.start(**{"email": "ivan@example.com", **body})

    assert answer["error"] == 400
    assert names in answer["error_text"]
    assert sandbox.started == []


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody@example.com"},
        {"matching": "phone", "phone": "79000000000"},
        {"matching": "phone", "phone": "+7 900 000-00-00"},
        {"matching": "profile_id", "profile_id": "0" * 24},
        {"matching": "custom", "field_name": "CRM_ID", "field_value": "012345"},
        {"matching": "custom", "field_name": "crm_id", "field_value": "12345"},
        {"matching": "custom", "field_name": "email", "field_value": "ivan@example.com"},
    ],
)
async def test_an_unknown_profile_is_error_404_and_the_journal_says_who_was_meant(
    sandbox: RunningSandbox, caller: Caller, body: dict[str, Any]
) -> None:
    answer = await caller.start(**body)

    assert answer == {"error": 404, "error_text": "Profile not found"}
    [entry] = sandbox.received
    assert (entry.started, entry.error) == (False, 404)
    assert entry.person is not None


@pytest.mark.parametrize(
    ("scenario", "text"), [(99, "Workflow not found"), (5, "Workflow is not active")]
)
async def test_an_unknown_or_inactive_scenario_is_error_404_with_another_text(
    sandbox: RunningSandbox, caller: Caller, scenario: int, text: str
) -> None:
    answer = await caller.start(id=scenario, email="ivan@example.com")

    assert answer == {"error": 404, "error_text": text}
    assert sandbox.started == []


async def test_tags_match_as_they_are_listed(caller: Caller) -> None:
    body = {"matching": "custom", "field_name": "tags", "field_value": "vip, newsletter"}

    answer = await caller.start(**body)

    assert answer["profile_id"] == "66acb337240d5213037986dc"


async def test_a_custom_value_of_two_profiles_starts_for_neither(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    for email in ("ivan@example.com", "maria@example.com"):
        body = {"workflow_id": 1, "matching": "email", "email": email, "data": {"city": "Omsk"}}
        await caller.call("import_and_start", body)

    answer = await caller.start(matching="custom", field_name="city", field_value="Omsk")

    assert answer["error"] == 400
    assert len(sandbox.starts) == 2


@pytest.mark.parametrize(
    ("token", "error"),
    [(None, 401), ("", 401), ("wrong", 401), (12345, 401), (["x"], 401), ("sandbox-readonly", 403)],
)
async def test_a_token_that_is_missing_wrong_or_without_rights_is_an_error_in_http_200(
    sandbox: RunningSandbox, caller: Caller, token: object, error: int
) -> None:
    answer = await caller.start(token=token, email="ivan@example.com")

    assert answer["error"] == error
    assert sandbox.started == []


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("Bearer sandbox-token", 0),
        ("bearer sandbox-token", 0),
        ("Bearer wrong", 401),
        ("Bearer", 401),
        ("Basic sandbox-token", 401),
    ],
)
async def test_the_token_may_be_in_the_header(caller: Caller, header: str, error: int) -> None:
    body = {"id": 3, "email": "ivan@example.com"}

    answer = await caller.http.post(START, json=body, headers={"Authorization": header})

    assert (answer.status_code, answer.json()["error"]) == (200, error)


async def test_a_token_in_the_address_does_not_count(caller: Caller) -> None:
    body = {"id": 3, "email": "ivan@example.com"}

    answer = await caller.http.post(START, params={"token": caller.token}, json=body)

    assert answer.json()["error"] == 401


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff", "application/json"),
        (b'{"token": "sandbox-token", "id": 3, "email": "ivan@example.com"}', "text/plain"),
    ],
)
async def test_a_body_that_is_no_json_object_is_error_400(
    sandbox: RunningSandbox, caller: Caller, content: bytes, media: str
) -> None:
    answer = await caller.http.post(START, content=content, headers={"Content-Type": media})

    assert (answer.status_code, answer.json()["error"]) == (200, 400)
    assert sandbox.started == []


async def test_a_body_above_ten_megabytes_is_refused_and_not_kept(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    large = await caller.start(email="ivan@example.com", content={"text": "x" * 9_900_000})
    too_large = await caller.start(email="ivan@example.com", content={"text": "x" * 10_000_000})

    assert (large["error"], too_large["error"]) == (0, 400)
    assert len(sandbox.starts) == 1
    assert all(len(str(entry.body)) < 100 for entry in sandbox.received)


async def test_what_altcraft_does_not_have_is_no_answer_of_its_kind(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    unknown = await caller.post("begin", {"id": 3})
    wrong_verb = await caller.http.get(START)
    elsewhere = await caller.http.post("/workflows/start", json={})

    assert [r.status_code for r in (unknown, wrong_verb, elsewhere)] == [404, 405, 404]
    assert wrong_verb.headers["allow"] == "POST"
    assert [entry.status for entry in sandbox.received] == [404, 405]


async def test_everybody_is_known_where_the_world_says_so() -> None:
    async with RunningSandbox(knows_everybody=True) as sandbox, calling(sandbox) as caller:
        first = await caller.start(email="a@b.example")
        again = await caller.start(email="A@b.example")
        other = await caller.start(matching="phone", phone="+79990000000")
        ivan = await caller.start(email="ivan@example.com")

    assert {answer["error"] for answer in (first, again, other, ivan)} == {0}
    assert first["profile_id"] == again["profile_id"] != other["profile_id"]
    assert ivan["profile_id"] == IVAN


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
names = st.sampled_from(
    ["id", "workflow_id", "matching", "email", "phone", "profile_id", "field_name", "field_value",
     "content", "data", "groups", "from_id", "limit", "skip_profiles", "format", "custom_request"]
)  # fmt: skip
likely = st.sampled_from(
    [1, 3, 5, "email", "custom", "profile_id", "ivan@example.com", "CRM_ID", {"phones": [1]}]
)
method_names = st.sampled_from(
    [f"workflows/{name}" for name in ("start", "import_and_start", "list", "activate")]
)


@settings(max_examples=200, deadline=None)
@given(method=method_names, body=st.dictionaries(names, likely | anything), token=anything)
def test_whatever_a_body_holds_gets_an_answer_and_starts_nothing_without_a_token(
    method: str, body: dict[str, Any], token: Any
) -> None:
    world = example_world()

    known = methods.call(world, method, {**body, "token": "sandbox-token"}, None)
    unknown = methods.call(world, method, {**body, "token": token}, None)

    assert known.error in (0, 400, 404)
    assert known.started <= (known.error == 0)
    assert (unknown.error, unknown.started) == (401, False)
