"""Which method a start goes to, and what it is sent."""

from dataclasses import replace

import pytest

from app.altcraft.requests import Item, batch_body, batch_method, method_of, start_body
from app.model.start import Import, InDoubt, Match, Matching, ScenarioStart, Target

EMAIL = Match(Matching.EMAIL, "ivan@example.com")
PLAIN = ScenarioStart("r", "main", 3, (EMAIL,), {}, InDoubt.RETRY)
TRIGGER = replace(PLAIN, target=Target.TRIGGER)
IMPORTS = Import(True, {"data": {"_fname": "Ivan"}, "skip_triggers": True})


@pytest.mark.parametrize(
    ("start", "imports", "method", "number"),
    [
        (PLAIN, False, "workflows/start", "id"),
        (PLAIN, True, "workflows/import_and_start", "workflow_id"),
        (TRIGGER, False, "campaigns/triggers/start", "id"),
        (TRIGGER, True, "campaigns/triggers/import_and_start", "id"),
    ],
)
def test_each_target_has_its_method_and_the_name_of_its_number(
    start: ScenarioStart, imports: bool, method: str, number: str
) -> None:
    assert method_of(start, imports=imports) == method
    assert dict(start_body(start, EMAIL, imports=imports))[number] == 3


@pytest.mark.parametrize(
    ("start", "imports", "as_task", "method"),
    [
        (PLAIN, True, False, "workflows/import_and_start_batch"),
        (PLAIN, True, True, "workflows/import_and_start_batch_task"),
        (TRIGGER, False, False, "campaigns/triggers/start_batch"),
        (TRIGGER, True, True, "campaigns/triggers/import_and_start_batch_task"),
    ],
)
def test_each_target_has_its_batch(
    start: ScenarioStart, imports: bool, as_task: bool, method: str
) -> None:
    assert batch_method(Item(start, EMAIL, imports), as_task=as_task) == method


@pytest.mark.parametrize(
    ("match", "fields"),
    [
        (
            Match(Matching.EMAIL_PROFILE, "a@example.com"),
            {"matching": "email_profile", "email": "a@example.com"},
        ),
        (
            Match(Matching.OTHER, {"provider": "ios", "token": "t"}, "push_data"),
            {"matching": "push_data", "provider": "ios", "token": "t"},
        ),
        (Match(Matching.REQUEST, {"CRM_ID": 7}), {"custom_request": {"CRM_ID": 7}}),
    ],
)
def test_further_modes_are_sent_by_their_own_names(match: Match, fields: dict[str, object]) -> None:
    assert start_body(PLAIN, match) == {"id": 3, **fields}


def test_the_fields_of_an_import_are_sent_with_imports_only() -> None:
    start = replace(PLAIN, fields={"resource_id": 7}, imports=replace(IMPORTS, is_always=False))

    plain = start_body(start, EMAIL)
    imported = start_body(start, EMAIL, imports=True)

    assert "data" not in plain
    assert imported["data"] == {"_fname": "Ivan"}
    assert plain["resource_id"] == imported["resource_id"] == 7


def test_a_batch_has_its_number_once_and_its_members_with_all_that_is_theirs() -> None:
    one = replace(PLAIN, imports=IMPORTS, content={"deal": 1})
    other = replace(PLAIN, imports=IMPORTS)
    phone = Match(Matching.PHONE, "+79000000000")

    body = batch_body([Item(one, EMAIL, True), Item(other, phone, True)])

    assert body["workflow_id"] == 3
    assert [member["matching"] for member in body["data"]] == ["email", "phone"]
    assert body["data"][0]["content"] == {"deal": 1}
    assert "content" not in body["data"][1]
