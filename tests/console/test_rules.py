"""The pages of the rules."""

import re

from tests.console.visits import Console, text_of


async def a_delivery(console: Console, **body: object) -> None:
    answer = await console.bridge.call({"kind": "new", "size": 4, "name": "Ivan", **body})
    assert answer.json()["deliveries"]


async def test_all_rules_stand_in_the_order_of_the_file_with_what_they_do(console: Console) -> None:
    page = await console.vera.look("rules")

    said = text_of(page)
    assert said.index("welcome") < said.index("never")
    assert 'body.kind == "new"' in said
    assert "scenario 404" in said
    assert "2 rules" in said
    assert said.count("never, in what is kept") == 2


async def test_what_the_platform_says_of_the_scenarios_comes_after_the_page(
    console: Console,
) -> None:
    first = await console.vera.look("rules")
    asked_then = len(console.sandbox.received)

    later = text_of(await console.vera.look("rules?live=1"))

    assert (asked_then, 'hx-trigger="load"' in first) == (0, True)
    assert "does not exist" in later
    assert "active" in later


async def test_a_rule_that_started_something_says_when(console: Console) -> None:
    await a_delivery(console, email="ivan@example.com")

    said = text_of(await console.vera.look("rules"))
    one = text_of(await console.vera.look("rules/welcome"))

    assert said.count("never, in what is kept") == 1
    assert "Its last deliveries" in one
    assert "ivan@example.com" not in one


async def test_a_rule_is_shown_as_it_stands_in_the_file(console: Console) -> None:
    page = await console.vera.look("rules/welcome")

    said = text_of(page)
    assert "Lines 10 to 15" in said
    assert "- name: welcome source: forms" in said
    assert "name: never" not in said
    assert "playground?rule=welcome" in page


async def test_only_operators_are_offered_to_pause_a_rule(console: Console) -> None:
    olga = await console.olga.look("rules/welcome")
    vera = await console.vera.look("rules/welcome")

    assert re.search(r"pause\?kind=rule&(amp;)?name=welcome", olga)
    assert "kind=rule" not in vera


async def test_a_rule_that_is_none_is_not_found(console: Console) -> None:
    answer = await console.vera.client.get("rules/nothing")

    assert answer.status_code == 404


async def test_the_page_speaks_russian(console: Console) -> None:
    said = text_of(await console.vera.look("rules", **{"Accept-Language": "ru"}))

    assert "2 правила" in said
    assert "ни разу за время хранения" in said
