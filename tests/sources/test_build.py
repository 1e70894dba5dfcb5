"""What is said of a source that can't be used, or that is open to a trick."""

import pytest
from pydantic import ValidationError

from app.config.document import parse_document
from app.config.faults import Severity
from app.config.schema.source import Source as SourceConfig
from app.sources.source import uncovered
from tests.support.sources import a_source, source_and_faults

SIGNED = "auth: {hmac: {signature: {header: X-Signature}, key: {env: SECRET}}}"


def errors(text: str) -> list[str]:
    source, faults = source_and_faults(text, name="shop")
    assert (source is None) == any(fault.severity is Severity.ERROR for fault in faults)
    return [str(fault) for fault in faults if fault.severity is Severity.ERROR]


def warnings(text: str) -> list[str]:
    _, faults = source_and_faults(text, name="shop")
    return [str(fault) for fault in faults if fault.severity is Severity.WARNING]


def test_an_unknown_preset_is_answered_with_the_nearest_name() -> None:
    (said,) = errors("preset: shopfy")

    assert said.startswith("sources.shop.preset: ")
    assert 'did you mean "shopify"?' in said


def test_a_source_without_authentication_says_how_to_say_that_anybody_may_call() -> None:
    (said,) = errors("region: RU")

    assert said.startswith("sources.shop.auth: ")
    assert "`auth: none`" in said


def test_a_secret_that_is_not_there_is_one_fault_however_often_it_is_needed() -> None:
    (said,) = errors("{preset: shopify, auth: {secret: {env: ABSENT}}}")

    assert said.startswith("sources.shop.auth.secret: environment variable ABSENT")


def test_all_faults_are_said_at_once() -> None:
    said = errors(
        """
        each: boddy.items
        dedup: {value: "body.id +"}
        reply: {status: 99, headers: {X-A: nope}, body: {a: boddy, b: {hmac_sha256_hex: body.x}}}
        handshakes:
          - {when: bodi.x == 1, reply: {body: {id: {event: id}}}, verify: {query: token}}
        """
    )

    assert [one.partition(": ")[0] for one in said] == [
        "sources.shop.auth",
        "sources.shop.handshakes[0].when",
        "sources.shop.verify_token",
        "sources.shop.handshakes[0].reply.body.id",
        "sources.shop.each",
        "sources.shop.dedup.value",
        "sources.shop.reply.status",
        "sources.shop.reply.headers.X-A",
        "sources.shop.reply.body.a",
        "sources.shop.reply.body.b",
    ]


@pytest.mark.parametrize(
    "reply",
    [
        "{body: '1', text: '1'}",
        "{text: '1', content_type: text/html}",
        "{text: '1', content_type: image/svg+xml}",
        "{body: body.x, content_type: text/xml}",
        "{headers: {Content-Length: '1'}}",
        "{headers: {'a b': '1'}}",
        "{body: {a: {event: secret}}}",
        "{within: 0s}",
    ],
)
def test_a_reply_that_could_do_harm_is_no_configuration(reply: str) -> None:
    document = parse_document(f"{{auth: none, reply: {reply}}}".encode(), file="bridge.yaml")

    with pytest.raises(ValidationError):
        SourceConfig.model_validate(document.root)


@pytest.mark.parametrize("dedup", ["{}", "{value: body.id, header: X-Id}", "{window: 1h}"])
def test_a_key_is_made_in_exactly_one_way(dedup: str) -> None:
    document = parse_document(f"{{auth: none, dedup: {dedup}}}".encode(), file="bridge.yaml")

    with pytest.raises(ValidationError):
        SourceConfig.model_validate(document.root)


def test_a_key_beside_the_signature_is_warned_of() -> None:
    (said,) = warnings(f"{SIGNED}\ndedup: {{header: X-Id}}")

    assert said.startswith("sources.shop.dedup: reads headers")


@pytest.mark.parametrize(
    "text",
    [
        f"{SIGNED}\ndedup: body.id",
        "{auth: {bearer: {env: SECRET}}, dedup: {header: X-Id}}",
        "{auth: none, dedup: {header: X-Id}}",
        "{preset: shopify, auth: {secret: {env: SECRET}}}",
    ],
)
def test_what_is_covered_or_chosen_by_a_preset_is_not_warned_of(text: str) -> None:
    assert warnings(text) == []


def test_a_country_that_is_none_is_warned_of() -> None:
    assert warnings("{auth: {bearer: {env: SECRET}}, region: GB}") == []
    (said,) = warnings("{auth: {bearer: {env: SECRET}}, region: UK}")

    assert said.startswith('sources.shop.region: "UK" is no country')


def test_a_signature_over_something_else_than_the_body_is_warned_of() -> None:
    auth = (
        "auth: {hmac: {signature: {header: X-Signature}, key: {env: SECRET}, "
        'signed: "{header:X-Token}"}}'
    )

    assert any("does not cover the body" in said for said in warnings(auth))


def test_parts_that_a_rule_reads_beside_the_signature_are_told() -> None:
    read = frozenset({"body", "headers", "query", "path", "received"})

    assert uncovered(a_source(SIGNED), read) == {"headers", "query", "path"}
    assert uncovered(a_source("auth: {bearer: {env: SECRET}}"), read) == frozenset()
    assert uncovered(a_source("auth: none"), read) == frozenset()
