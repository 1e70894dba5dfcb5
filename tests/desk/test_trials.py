"""Trials of what anybody may paste: no expression of theirs holds up the service."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.desk.refusals import Invalid
from app.desk.trials import Busy, Trials
from app.desk.tried import CaseAsked, TryAsked, TryShown
from tests.support.values import AT

CONFIG = """\
version: 1
destinations: {main: {url: "https://altcraft.example.com", token: {env: NOT_SET}}}
sources: {forms: {auth: none}}
rules:
  - {name: one, when: 'CONDITION', scenario: 1}
"""
_TEN = "[1,2,3,4,5,6,7,8,9,0]"
_ENDLESS = "true"
for _name in list("abcdefghijkl"):
    _ENDLESS = f"{_TEN}.all({_name}, {_ENDLESS})"


@pytest.fixture
async def trials() -> AsyncIterator[Trials]:
    async with Trials.open() as opened:
        yield opened


def asked(condition: str, body: str = '{"email": "ivan@example.com"}') -> TryAsked:
    config = CONFIG.replace("CONDITION", condition)
    return TryAsked(source="forms", body=body, configuration=config)


async def test_a_configuration_is_tried_without_its_secrets(trials: Trials) -> None:
    found = TryShown.model_validate_json(await trials.run("try", asked("body.email != 1"), AT))

    [event] = found.events
    assert event.starts[0].matches == ["email = ivan@example.com"]
    assert event.rules[0].conditions[0].values[0].value == '"ivan@example.com"'


async def test_faults_come_with_line_and_key(trials: Trials) -> None:
    with pytest.raises(Invalid) as refused:
        await trials.run("try", asked("boddy.a"), AT)

    faults = refused.value.more["faults"]
    assert isinstance(faults, list)
    assert [(one["line"], one["key"]) for one in faults] == [(5, "rules[0].when")]


async def test_an_expression_without_end_is_ended_and_the_next_trial_works() -> None:
    trials = Trials(limit_s=1.5)
    try:
        with pytest.raises(Invalid, match="more time or memory"):
            await trials.run("try", asked(_ENDLESS), AT)

        found = await trials.run("try", asked("true"), AT)
    finally:
        await trials.close()

    assert TryShown.model_validate_json(found).events[0].starts


async def test_an_expression_that_wants_all_memory_does_not_get_it(trials: Trials) -> None:
    grown = "size(lists.range(900000000)) > 1"

    found = TryShown.model_validate_json(await trials.run("try", asked(grown), AT))

    assert found.events[0].rules[0].conditions[0].holds is False


async def test_the_loop_goes_on_while_an_expression_does_not_end() -> None:
    trials = Trials(limit_s=1.5)
    turns = 0
    try:
        task = asyncio.create_task(trials.run("try", asked(_ENDLESS), AT))
        while not task.done():
            await asyncio.sleep(0.01)
            turns += 1
    finally:
        await trials.close()

    assert isinstance(task.exception(), Invalid)
    assert turns > 20


async def test_more_trials_than_a_few_at_once_are_turned_away(trials: Trials) -> None:
    found = await asyncio.gather(
        *(trials.run("try", asked("true"), AT) for _ in range(14)), return_exceptions=True
    )

    assert {type(one) for one in found} == {bytes, Busy}


async def test_a_call_becomes_a_case_without_the_person_in_it(trials: Trials) -> None:
    config = CONFIG.replace("CONDITION", "true")
    body = '{"email": "ivan.petrov@mail.example"}'
    wanted = CaseAsked(source="forms", body=body, configuration=config, name="my case")

    found = await trials.run("case", wanted, AT)

    assert b"my case" in found
    assert b"ivan.petrov" not in found


async def test_a_process_that_is_made_ready_is_the_one_that_tries() -> None:
    trials = Trials(limit_s=30)
    try:
        trials.warm()
        found = await trials.run("try", asked("true"), AT)
        kept = len(trials._idle)
    finally:
        await trials.close()

    assert kept == 1
    assert TryShown.model_validate_json(found).events


async def test_a_process_that_is_just_starting_does_not_hold_up_the_end() -> None:
    trials = Trials()
    trials.warm()
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await trials.close()
