"""What the answer to a batch means for each of its members."""

from datetime import UTC, datetime

import orjson
import pytest

from app.altcraft.batches import Asked, judge_batch
from app.altcraft.client import Address, AltcraftClient
from app.altcraft.replies import Answer
from app.altcraft.requests import Item
from app.kit.clock import SystemClock
from app.kit.secret import Secret
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import Import, InDoubt, Match, Matching, ScenarioStart
from app.sandbox import Fault, FaultKind
from tests.support.sandboxes import TOKEN, a_sandbox

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DONE = {"error": 0, "error_text": "done"}
LOST = {"error": 404, "error_text": "Profile not found"}


def judged(
    shape: object, *, count: int = 2, as_task: bool = False, status: int = 200
) -> list[Outcome]:
    body = shape if isinstance(shape, bytes) else orjson.dumps(shape)
    answer = Answer(status, {"content-type": "application/json"}, body)
    return judge_batch(answer, Asked(count, as_task), (), NOW)


@pytest.mark.parametrize("name", ["data", "profiles", "results", "items"])
@pytest.mark.parametrize("error", [0, 400])
def test_each_member_has_its_own_word_wherever_the_list_stands(name: str, error: int) -> None:
    found = judged({"error": error, "error_text": "", name: [DONE, LOST]})

    assert [one.kind for one in found] == [OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN_PROFILE]
    assert not any(one.is_of_all for one in found)


@pytest.mark.parametrize(
    "shape", [DONE, {**DONE, "data": [DONE]}, {**DONE, "data": [DONE, {"profile_id": "x"}]}]
)
def test_success_that_does_not_name_each_member_is_in_doubt_for_all(shape: object) -> None:
    found = judged(shape)

    assert {(one.kind, one.in_doubt, one.is_of_all) for one in found} == {
        (OutcomeKind.UNREADABLE, True, True)
    }


def test_a_refusal_of_the_whole_is_said_of_all() -> None:
    found = judged({"error": 400, "error_text": "Incorrect request"})

    assert {(one.kind, one.is_of_all) for one in found} == {(OutcomeKind.MALFORMED, True)}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"task_id": "a1"}, "task a1"),
        ({"id": 7}, "task 7"),
        ({}, "a task"),
        ({"id": "\x1b"}, "a task"),
    ],
)
def test_a_task_is_accepted_for_all_with_its_name(more: dict[str, object], text: str) -> None:
    found = judged({**DONE, **more}, as_task=True)

    assert {(one.kind, one.text) for one in found} == {(OutcomeKind.ACCEPTED, text)}


@pytest.mark.parametrize(("body", "status"), [(b"<html>", 200), (b"", 502), (b"[]", 200)])
def test_what_is_not_altcrafts_is_in_doubt_for_all(body: bytes, status: int) -> None:
    assert all(one.in_doubt and one.is_of_all for one in judged(body, status=status))


async def batch_at(url: str, *, content: str = "") -> list[Outcome]:
    client = AltcraftClient(Address(url, Secret(TOKEN), 1, 4), (), SystemClock())
    start = ScenarioStart(
        "r", "main", 3, (), {"text": content}, InDoubt.RETRY, imports=Import(True, {})
    )
    items = [Item(start, Match(Matching.CUSTOM, n, "CRM_ID"), True) for n in range(3)]
    try:
        return await client.start_batch(items, as_task=False, request_id="r1")
    finally:
        await client.close()


@pytest.mark.parametrize("kind", [FaultKind.CUT_AFTER_READING, FaultKind.CUT_IN_REPLY])
async def test_a_batch_that_breaks_after_it_was_sent_is_in_doubt_for_all(kind: FaultKind) -> None:
    async with a_sandbox() as sandbox:
        sandbox.put(Fault(kind=kind))

        found = await batch_at(sandbox.url)

    assert [(one.in_doubt, one.is_of_all) for one in found] == [(True, True)] * 3


async def test_a_batch_that_was_never_sent_is_so_for_all() -> None:
    found = await batch_at("http://nowhere.invalid")

    assert [(one.kind, one.in_doubt) for one in found] == [(OutcomeKind.NOT_SENT, False)] * 3


async def test_a_request_above_ten_megabytes_is_not_sent_and_can_be_split() -> None:
    async with a_sandbox() as sandbox:
        found = await batch_at(sandbox.url, content="x" * 4_000_000)

    assert {(one.kind, one.is_of_all) for one in found} == {(OutcomeKind.MALFORMED, True)}
    assert sandbox.journal.requests_count == 0
