"""Requests as they were sent, made up from what is stored."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.config.document import parse_document
from app.config.secrets import PLACEHOLDER, SecretReader
from app.desk.exchanges import Exchange, exchange
from app.model.delivery import Attempt, AttemptId, Delivery
from app.model.handling import Batch, Handling
from app.model.outcome import OutcomeKind
from app.model.start import Import, Match, Matching, OnUnknownProfile
from app.revision import Revision, build_revision
from tests.support.bridges import CONFIG
from tests.support.values import AT, a_delivery

_BASE = "http://127.0.0.1:9/api/v1.1"


def a_revision() -> Revision:
    document = parse_document(CONFIG.encode(), file="bridge.yaml")
    return build_revision(document, SecretReader({}, Path(), PLACEHOLDER))


def told(
    delivery: Delivery, *, match_index: int = 0, together: int = 1, reveal: bool = True
) -> Exchange:
    attempt = Attempt(
        id=AttemptId("1"),
        delivery_id=delivery.id,
        at=AT + timedelta(seconds=1),
        duration_ms=7,
        match_index=match_index,
        outcome=OutcomeKind.ACCEPTED,
        together=together,
        error_text="hello IVAN@example.com",
    )
    return exchange(delivery, attempt, a_revision(), reveal=reveal)


def of_ivan() -> Delivery:
    matches = (Match(Matching.EMAIL, "ivan@example.com"), Match(Matching.PHONE, "+79000000001"))
    return a_delivery(matches=matches, content={"name": "Ivan"})


def test_each_try_is_told_with_the_match_it_used() -> None:
    found = told(of_ivan(), match_index=1)

    assert found.sent is not None
    assert found.sent.url == f"{_BASE}/workflows/start"
    assert found.sent.body == {
        "token": "***", "matching": "phone", "phone": "+79000000001",
        "content": {"name": "Ivan"}, "id": 3,
    }  # fmt: skip


def test_one_past_the_last_match_created_the_profile() -> None:
    delivery = of_ivan()
    imports = Import(is_always=False, fields={"data": {"name": "Ivan"}})
    start = replace(delivery.start, imports=imports, on_unknown_profile=OnUnknownProfile.IMPORT)

    found = told(replace(delivery, start=start), match_index=2)

    assert found.imports
    assert found.sent is not None
    assert found.sent.url == f"{_BASE}/workflows/import_and_start"
    assert found.sent.body["workflow_id"] == 3


def test_one_of_a_batch_is_told_with_the_method_of_many() -> None:
    delivery = of_ivan()
    start = replace(delivery.start, handling=Handling(batch=Batch(10, 0, as_task=True)))

    found = told(replace(delivery, start=start), together=3)

    assert found.sent is not None
    assert found.sent.url.endswith("_batch_task")


def test_a_viewer_sees_the_shape_and_not_the_person() -> None:
    found = told(of_ivan(), reveal=False)

    assert "ivan" not in str(found).lower()
    assert found.sent is not None
    assert (found.sent.body["matching"], found.sent.body["id"]) == ("email", 3)


def test_where_the_person_was_forgotten_no_request_is_made_up() -> None:
    delivery = of_ivan()
    erased = replace(delivery, start=replace(delivery.start, matches=()))

    assert told(erased).sent is None


def test_of_a_destination_that_is_gone_the_method_is_told() -> None:
    delivery = of_ivan()
    gone = replace(delivery, start=replace(delivery.start, destination="old"))
    found = told(gone)

    assert found.sent is not None
    assert found.sent.url == "/api/v1.1/workflows/start"
