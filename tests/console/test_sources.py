"""The pages of a new source: what to enter where, and each call as it comes, refused ones too."""

import asyncio
import re
from html import unescape

import httpx
import pytest

from app.console.words import Words
from app.desk.refusals import Conflict
from app.outbox import PauseKind
from app.sources.auth.refusal import Why
from app.sources.presets import presets
from app.web.problems import PROBLEMS
from tests.console.visits import Console, Visitor, text_of

WRONG = {"Authorization": "Bearer a-secret-of-somebody-else"}
NEW = {"kind": "new", "size": 4, "name": "Ivan"}


async def listened(visitor: Visitor, source: str = "forms") -> str:
    """The address of a page that listens from now on."""
    answer = await visitor.client.get(f"sources/{source}/listen")
    assert answer.status_code == 303
    return answer.headers["location"].removeprefix("/console/")


async def shown(visitor: Visitor, page: str, *wanted: str, **headers: str) -> str:
    """The text of the page, when it says all that is wanted."""
    async with asyncio.timeout(10):
        while True:
            text = text_of(await visitor.look(page, **headers))
            if all(one in text for one in wanted):
                return text


async def test_sources_are_listed_with_what_came_last(console: Console) -> None:
    await console.bridge.call({**NEW, "email": "ivan@example.com", "id": 1})
    await console.bridge.call({"kind": "other", "id": 2})
    await console.bridge.call(NEW, headers=WRONG)

    text = await shown(console.vera, "sources", "Refused within an hour", "1 call")

    assert f"{console.url}/hooks/forms" in text
    assert "1 of 2 ignored" in text
    assert "open" in text


async def test_a_source_says_what_to_enter_and_shows_no_secret(console: Console) -> None:
    page = await console.vera.look("sources/forms")

    text = text_of(page)
    assert f"{console.url}/hooks/forms" in text
    assert "Bearer ${FORMS_TOKEN}" in text
    assert "forms-secret-of-some-length" not in unescape(page)
    assert 'body.kind == "new"' in text


async def test_what_is_not_there_is_said(console: Console) -> None:
    for path in ("sources/nobody", "sources/nobody/listen", "sources/presets/nothing"):
        answer = await console.vera.client.get(path)

        assert answer.status_code == 404


async def test_each_call_is_shown_as_it_comes(console: Console) -> None:
    page = await listened(console.olga)
    assert "Waiting for the next call." in text_of(await console.olga.look(page))

    await console.bridge.call({**NEW, "email": "ivan@example.com", "id": 1})
    await console.bridge.call({**NEW, "email": "ivan@example.com", "id": 1})
    await console.bridge.call({"kind": "other", "id": 2})

    text = await shown(console.olga, page, "accepted", "duplicate", "ignored")
    assert "rule welcome, scenario 1" in text
    assert 'condition 1 of 2 failed: body.kind == "new"' in text
    assert "ivan@example.com" in text


async def test_a_call_that_is_refused_is_shown_with_why_and_what_to_do(console: Console) -> None:
    page = await listened(console.vera)

    await console.bridge.call(NEW, headers=WRONG)
    await console.bridge.call(NEW, headers={})
    await console.bridge.client.post("/hooks/forms", content=b"{", headers=right())

    text = await shown(console.vera, page, "unauthenticated", "undecodable")
    assert "The proof does not match." in text
    assert "The call holds no proof." in text
    assert "Bearer ***" in text
    assert '"name": "<text, 4>"' in text
    assert "somebody-else" not in text


async def test_a_viewer_sees_the_call_and_not_the_person(console: Console) -> None:
    page = await listened(console.vera)

    await console.bridge.call({**NEW, "email": "ivan@example.com", "id": 1})

    text = await shown(console.vera, page, "accepted")
    assert '"email": "<text, 16>"' in text
    assert "ivan@example.com" not in text


async def test_what_came_before_the_page_was_opened_is_not_shown(console: Console) -> None:
    await console.bridge.call({**NEW, "email": "ivan@example.com", "id": 1})

    text = text_of(await console.olga.look("sources/forms/listen?since=4102444800000"))

    assert "Waiting for the next call." in text


async def test_the_part_that_changes_is_not_sent_again_while_nothing_is_new(
    console: Console,
) -> None:
    page = await listened(console.olga)
    part = unescape(re.findall(r'hx-get="/console/([^"]+)"', await console.olga.look(page))[0])
    assert (await console.olga.client.get(part)).status_code == 204

    await console.bridge.call({**NEW, "email": "ivan@example.com", "id": 1})

    answer = await console.olga.client.get(part)
    assert answer.status_code == 200
    assert "1 call came" in answer.text
    assert "<html" not in answer.text


@pytest.mark.parametrize("since", ["yesterday", "-1", "9" * 20])
async def test_a_time_that_is_none_is_refused(console: Console, since: str) -> None:
    answer = await console.olga.client.get(f"sources/forms/listen?since={since}")

    assert answer.status_code == 422


async def test_a_source_is_paused_and_goes_on_and_both_are_recorded(console: Console) -> None:
    paused = await console.olga.send("pause?kind=source&name=forms", reason="a new form")
    text = text_of(await console.vera.look("sources/forms"))

    assert paused.headers["location"] == "/console/sources/forms"
    assert "Paused by olga" in text
    assert "a new form" in text
    assert text_of(await console.olga.look("resume?kind=source&name=forms")).strip()

    await console.olga.send("resume?kind=source&name=forms")

    outbox = console.bridge.parts.outbox
    assert await outbox.pauses() == []
    acts = [(one.who, one.kind.value) for one in await outbox.acts(limit=2)]
    assert acts == [("olga", "resume"), ("olga", "pause")]


async def test_a_source_is_paused_once(console: Console) -> None:
    await console.olga.send("pause?kind=source&name=forms")

    again = await console.olga.send("pause?kind=source&name=forms")

    assert again.status_code == PROBLEMS[Conflict.slug].status
    [pause] = await console.bridge.parts.outbox.pauses()
    assert (pause.kind, pause.name) == (PauseKind.SOURCE, "forms")


async def test_a_viewer_pauses_nothing(console: Console) -> None:
    answers: list[httpx.Response] = [
        await console.vera.client.get("pause?kind=source&name=forms"),
        await console.vera.send("pause?kind=source&name=forms"),
        await console.vera.send("resume?kind=source&name=forms"),
    ]

    assert {one.status_code for one in answers} == {403}
    assert "pause?kind=source" not in await console.vera.look("sources/forms")
    assert await console.bridge.parts.outbox.pauses() == []


async def test_every_known_system_has_its_page(console: Console) -> None:
    listed = await console.vera.look("sources/presets")

    for name in presets():
        assert f'href="/console/sources/presets/{name}"' in listed
        page = text_of(await console.vera.look(f"sources/presets/{name}"))
        assert f"preset: {name}" in page


async def test_the_pages_are_read_in_russian(console: Console) -> None:
    russian = {"Accept-Language": "ru"}
    page = await listened(console.olga)
    await console.bridge.call(NEW, headers=WRONG)

    text = await shown(console.olga, page, "отклонено", **russian)

    assert "Подтверждение не совпадает." in text
    assert "Источники" in text_of(await console.olga.look("sources", **russian))


def test_there_are_words_for_every_reason_not_to_let_a_call_in() -> None:
    words = Words("en")

    assert [why for why in Why if not words.has(f"why.{why.name.lower()}")] == []


def right() -> dict[str, str]:
    return {
        "Authorization": "Bearer forms-secret-of-some-length",
        "Content-Type": "application/json",
    }
