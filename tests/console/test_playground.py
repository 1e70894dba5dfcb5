"""Where somebody tries a rule without asking anybody."""

import httpx

from tests.console.visits import Console, Visitor, text_of

BODY = '{"kind": "new", "size": 2, "email": "Ivan@EXAMPLE.com"}'


def config(console: Console) -> str:
    return (console.bridge.folder / "bridge.yaml").read_text()


async def tried(console: Console, visitor: Visitor | None = None, **fields: object) -> str:
    """What stands below the form, as text, when it is asked for without the page around it."""
    given = {"source": "forms", "body": BODY, "configuration": config(console), **fields}
    answer = await (visitor or console.vera).send("playground", **given)
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


async def test_each_condition_is_shown_with_its_value_and_what_was_read(console: Console) -> None:
    said = await tried(console)

    assert '✓ true body.kind == "new" body.kind = "new"' in said
    assert "✗ false body.size > 3 body.size = 2" in said
    assert "Nothing would start" in said


async def test_a_key_that_is_missing_is_named(console: Console) -> None:
    said = await tried(console, body='{"kind": "new"}')

    assert "there is no body.size" in said


async def test_what_would_be_sent_is_shown_without_the_token_and_not_sent(console: Console) -> None:
    body = '{"kind": "new", "size": 4, "name": "A", "email": " Ivan@EXAMPLE.com", "id": "k-1"}'

    said = await tried(console, body=body)

    assert "1 scenario would start." in said
    assert "email = Ivan@example.com" in said
    assert '"token": "***"' in said
    assert "Deduplication key: k-1" in said
    assert console.sandbox.received == []
    assert (await console.bridge.parts.outbox.last_made(["welcome"])) == {}


async def test_an_edited_rule_is_tried_and_nothing_of_it_is_kept(console: Console) -> None:
    edited = config(console).replace("body.size > 3", "body.size > 1")

    said = await tried(console, configuration=edited.replace("\n", "\r\n"))

    assert "✓ true body.size > 1" in said
    assert "body.size > 3" in config(console)


async def test_one_rule_alone_can_be_edited_within_its_file(console: Console) -> None:
    page = await console.vera.look("playground?rule=never")

    said = await tried(
        console,
        rule="never",
        configuration="  - {name: never, source: forms, when: body.size == 2, scenario: 5}",
    )

    assert "version: 1" not in page
    assert "✓ true body.size == 2" in said
    assert "scenario 5" in said


async def test_faults_of_the_text_are_shown_with_their_line_and_key(console: Console) -> None:
    whole = await tried(console, configuration=config(console).replace("body.kind", "boddy.kind"))
    one = await tried(
        console, rule="never", configuration="  - {name: never, when: boddy.a, scenario: 5}"
    )

    assert "2 faults in the text" in whole
    assert "line 12 · rules[0].when" in whole
    assert 'did you mean "body"?' in whole
    assert "line 1 · rules[1].when" in one


async def test_a_script_of_the_page_gets_the_outcome_alone(console: Console) -> None:
    page = await console.vera.look("playground")
    proof = page.partition('"X-Proof":"')[2].partition('"')[0]

    answer = await console.vera.client.post(
        "playground",
        data={"source": "forms", "body": BODY, "configuration": config(console)},
        headers={"HX-Request": "true", "X-Proof": proof},
    )

    assert "<html" not in answer.text
    assert "body.size &gt; 3" in answer.text


async def test_an_operator_loads_the_body_of_a_past_call(console: Console) -> None:
    event = (await console.bridge.call({"kind": "old", "email": "petr@example.org"})).json()

    page = await console.olga.look(f"playground?event={event['event_id']}")
    again = await console.olga.send(
        "playground", load=event["event_id"], configuration=config(console)
    )

    assert "petr@example.org" in text_of(page)
    assert '✓ true body.kind == "old"' in text_of(page)
    assert '✓ true body.kind == "old"' in text_of(again.text)


async def test_a_viewer_gets_the_past_call_masked_and_is_told_why_it_is_not_tried(
    console: Console,
) -> None:
    event = (await console.bridge.call({"kind": "old", "email": "petr@example.org"})).json()

    pages = [
        await console.vera.look(f"playground?event={event['event_id']}"),
        (await console.vera.send("playground", load=event["event_id"])).text,
    ]

    for page in pages:
        assert "petr@example.org" not in page
        assert "With masked values a call can't be tried" in text_of(page)


async def test_a_call_is_saved_as_a_test_without_the_people_in_it(console: Console) -> None:
    body = '{"kind": "old", "email": "ivan.petrov@mail.example"}'

    said = await tried(console, body=body, case="1", name="an old one")

    case = said.partition("A case for")[2]
    assert "name: an old one" in case
    assert "rule: never" in case
    assert "ivan.petrov" not in case


async def test_a_value_that_cannot_be_used_is_said(console: Console) -> None:
    headers = await tried(console, headers="what is this")
    source = await tried(console, source="form")

    assert "headers: line 1 is not `Name: value`" in headers
    assert "there is no such source" in source


async def test_without_the_proof_of_a_form_nothing_is_tried(console: Console) -> None:
    answer: httpx.Response = await console.vera.client.post("playground", data={"body": BODY})

    assert answer.status_code == 403


async def test_the_page_speaks_russian(console: Console) -> None:
    said = text_of(await console.vera.look("playground", **{"Accept-Language": "ru"}))

    assert "Ничего не сохраняется" in said
    assert "Что можно написать в условии" in said
