"""Failures by their cause, on pages: understood, seen to, replayed together."""

import asyncio

import httpx
import pytest

from app.model.problem import Problem, ProblemState, cause_of
from tests.console.visits import Console, text_of

KEY = "main.scenario.1.scenario_unavailable"
TITLE = "Starts fail: scenario 1 at main: it does not exist or is not active"


async def fail(console: Console, count: int) -> None:
    """So many starts of a scenario that is not active, each for somebody else."""
    console.sandbox.answer_error(404, "Workflow is not active")
    for number in range(count):
        body: dict[str, object] = {"kind": "new", "size": 4, "id": number, "name": "Ivan"}
        body["crm_id"] = f"secret-{number}"
        assert (await console.bridge.call(body)).status_code == 202
    await until(console, letters=count)


async def until(console: Console, *, letters: int) -> Problem:
    outbox, cause = console.bridge.parts.outbox, cause_of(KEY)
    async with asyncio.timeout(20):
        while (found := await outbox.problem(cause)) is None or found.letters != letters:
            pass
    return found


async def test_a_failure_is_a_problem_that_says_what_to_do(console: Console) -> None:
    await fail(console, 2)

    overview, listed = await console.vera.look(""), await console.vera.look("problems")
    shown = text_of(await console.vera.look(f"problems/{KEY}"))

    for page in (overview, listed):
        assert TITLE in text_of(page)
        assert f"/console/problems/{KEY}" in page
        assert "activate it in Altcraft or correct its number, then replay" in text_of(page)
    assert "dead letters 2 people touched 2" in shown
    assert "welcome" in shown


async def test_a_viewer_sees_nobody_in_it_and_may_not_change_it(console: Console) -> None:
    await fail(console, 1)

    page = await console.vera.look(f"problems/{KEY}")
    answer = await console.vera.send(f"problems/{KEY}/resolve")

    assert "secret-0" not in page
    assert '<form method="post" class' not in page
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("doing", "state"),
    [("acknowledge", ProblemState.ACKNOWLEDGED), ("resolve", ProblemState.RESOLVED)],
)
async def test_an_operator_changes_its_state_with_a_note(
    console: Console, doing: str, state: ProblemState
) -> None:
    await fail(console, 1)

    answer = await console.olga.send(f"problems/{KEY}/{doing}", note="asked marketing")
    again = await console.olga.send(f"problems/{KEY}/reopen")
    found = await until(console, letters=1)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/console/problems/{KEY}"
    assert again.status_code == 303
    assert (found.state, found.who, found.note) == (ProblemState.OPEN, "olga", "asked marketing")
    page = text_of(await console.olga.look("acts"))
    assert "olga" in page


async def test_its_dead_letters_are_replayed_together_and_it_is_over(console: Console) -> None:
    await fail(console, 3)
    console.sandbox.clear_faults()

    asked = text_of(await console.olga.look(f"deliveries/all/replay?problem={KEY}"))
    answer = await console.olga.send("deliveries/all/replay", problem=KEY)
    found = await until(console, letters=0)

    assert "3" in asked
    assert answer.status_code == 303
    assert found.state is ProblemState.RESOLVED
    assert TITLE not in text_of(await console.olga.look("problems"))
    assert TITLE in text_of(await console.olga.look("problems?state=resolved"))


async def test_in_russian_it_is_said_in_russian(console: Console) -> None:
    await fail(console, 1)

    page = text_of(await console.vera.look("", **{"Accept-Language": "ru"}))

    assert "Запуски не проходят: сценарий 1 на main" in page
    assert "активируйте его в Altcraft" in page


async def test_a_problem_that_is_not_there_is_said_so(console: Console) -> None:
    answer: httpx.Response = await console.olga.client.get("problems/main.scenario.1.malformed")
    nonsense = await console.olga.client.get("problems/nonsense")

    assert (answer.status_code, nonsense.status_code) == (404, 404)
