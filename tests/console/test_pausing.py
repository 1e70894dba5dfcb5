"""What is told to wait, and to go on, by a page for every kind of it."""

import pytest

from app.console.pausing import page_of
from app.outbox import PauseKind
from tests.console.visits import Console, text_of

WORDS = {
    PauseKind.SOURCE: ("forms", "source forms"),
    PauseKind.RULE: ("welcome", "rule “welcome”"),
    PauseKind.SCENARIO: ("3", "scenario 3"),
    PauseKind.TRIGGER: ("2", "trigger mailing 2"),
    PauseKind.DESTINATION: ("main", "destination main"),
}


@pytest.mark.parametrize("kind", PauseKind)
async def test_each_kind_waits_and_goes_on(console: Console, kind: PauseKind) -> None:
    name, words = WORDS[kind]
    address = f"?kind={kind}&name={name}"

    asked = text_of(await console.olga.look(f"pause{address}"))
    paused = await console.olga.send(f"pause{address}", reason="new texts")
    shown = text_of(await console.olga.look(f"resume{address}"))
    resumed = await console.olga.send(f"resume{address}")

    assert f"Pause {words}?" in asked
    assert paused.headers["location"] == resumed.headers["location"] == page_of(kind, name)
    assert f"Let {words} go on?" in shown
    assert "new texts" in shown
    assert await console.bridge.parts.outbox.pauses() == []


async def test_a_name_that_can_t_be_is_said_so(console: Console) -> None:
    answer = await console.olga.send("pause?kind=scenario&name=welcome")

    assert answer.status_code == 422
    assert "expected the number of the scenario" in answer.text
