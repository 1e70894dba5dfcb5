"""The page that says what is wrong with the configuration."""

import asyncio

from tests.console.visits import Console, text_of


async def test_the_revision_in_use_is_named_and_the_platforms_are_asked_later(
    console: Console,
) -> None:
    page = await console.vera.look("check")

    assert console.bridge.parts.current.revision.id in page
    assert "It is what the file holds." in text_of(page)
    assert 'hx-trigger="load"' in page


async def test_what_the_platforms_say_is_shown(console: Console) -> None:
    said = text_of(await console.vera.look("check?live=1"))

    assert "there is no scenario 404" in said
    assert "rules[0].scenario.of.5" in said


async def test_a_newer_file_that_was_refused_is_shown_with_its_faults(console: Console) -> None:
    path = console.bridge.folder / "bridge.yaml"
    before = console.bridge.parts.current.revision.id
    path.write_text(path.read_text().replace("body.kind ==", "boddy.kind =="))

    async with asyncio.timeout(15):
        while console.bridge.parts.current.refused is None:
            await console.bridge.parts.current.look()
    said = text_of(await console.vera.look("check"))

    assert before in said
    assert "The one before stays in use." in said
    assert "rules[0].when" in said
    assert 'did you mean "body"?' in said


async def test_the_page_speaks_russian(console: Console) -> None:
    said = text_of(await console.vera.look("check?live=1", **{"Accept-Language": "ru"}))

    assert "Проверка конфигурации" in said
    assert "Предупреждений нет." in said
