"""What a caller is told of a call that was taken."""

import pytest

from app.expressions import Scope
from app.sources.receive import Taken, receive
from app.sources.replies import HttpReply, Summary, build_reply
from tests.support.sources import a_call, a_source

ACCEPTED = Summary((("018f-1", "accepted"),))


def reply_to(reply: str, body: bytes = b"{}", summary: Summary = ACCEPTED) -> HttpReply | None:
    source = a_source(f"{{auth: none, on_undecodable: keep, reply: {reply}}}")
    scope = Scope()
    taken = receive(source, a_call(body), scope)
    assert isinstance(taken, Taken)
    return build_reply(source, taken, summary, scope)


@pytest.mark.parametrize(
    ("reply", "said", "content_type"),
    [
        ("{body: {code: 0}}", b'{"code":0}', "application/json"),
        ("{body: '{\"code\": 0}'}", b'{"code":0}', "application/json"),
        ("""{body: '"OK" + string(body.InvId)'}""", b"OK17", "text/plain; charset=utf-8"),
        ("{text: '<Ack>true</Ack>', content_type: text/xml}", b"<Ack>true</Ack>", "text/xml"),
        ("{status: 200}", b"", "text/plain; charset=utf-8"),
        ("{body: {ok: true, id: {event: id}}}", b'{"ok":true,"id":"018f-1"}', "application/json"),
        ("{body: body.InvId}", b"17", "application/json"),
    ],
)
def test_a_reply_is_made_as_the_source_says(reply: str, said: bytes, content_type: str) -> None:
    found = reply_to(reply, b'{"InvId": 17}')

    assert found is not None
    assert (found.status, found.body, found.content_type) == (200, said, content_type)
    assert found.headers["X-Content-Type-Options"] == "nosniff"


def test_without_a_reply_of_its_own_a_source_answers_as_usual() -> None:
    assert reply_to("{within: 2s}") is None
    assert a_source("{auth: none, reply: {within: 2s}}").reply_within_s == 2.0


def test_a_status_and_headers_may_depend_on_the_call() -> None:
    reply = "{status: 'body.n > 1 ? 201 : 200', headers: {X-Order: string(body.n)}}"

    found = reply_to(reply, b'{"n": 2}')

    assert found is not None
    assert (found.status, found.headers["X-Order"]) == (201, "2")


@pytest.mark.parametrize(
    "reply", ["{body: body.absent}", "{status: body.n}", "{headers: {X-A: body.text}}"]
)
def test_a_reply_that_cannot_be_made_leaves_the_usual_one(reply: str) -> None:
    assert reply_to(reply, b'{"n": 99, "text": "a\\nb"}') is None


def test_a_kept_call_that_could_not_be_decoded_gets_the_same_reply() -> None:
    found = reply_to("{body: {code: 0}}", b"{broken")

    assert found is not None
    assert found.body == b'{"code":0}'


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("ignored", "accepted"), "accepted"),
        (("ignored", "duplicate"), "duplicate"),
        (("ignored",), "ignored"),
    ],
)
def test_of_several_events_the_best_status_is_told(statuses: tuple[str, ...], told: str) -> None:
    summary = Summary(tuple((f"id-{n}", status) for n, status in enumerate(statuses)))

    found = reply_to("{body: {id: {event: id}, status: {event: status}}}", summary=summary)

    assert found is not None
    assert found.body == f'{{"id":"id-0","status":"{told}"}}'.encode()
