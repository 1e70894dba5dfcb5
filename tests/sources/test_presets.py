"""Every known system: its own examples go through a source that is written as a user would."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from pydantic import TypeAdapter

from app.config.schema.auth import Auth, AuthTree
from app.config.secrets import SecretReader
from app.expressions import Scope
from app.sources.auth import build_auth
from app.sources.call import Call
from app.sources.presets import Example, presets
from app.sources.presets.example import Becomes
from app.sources.receive import Answered, Refused, Taken, receive, reread
from app.sources.replies import Summary, build_reply
from app.sources.source import Source
from tests.support.presets import needs_secret, source_text, variable_of
from tests.support.sources import SECRETS, a_call, a_source, example_call, source_and_faults


def examples(becomes: Becomes) -> Iterator[ParameterSet]:
    for name, preset in presets().items():
        for example in preset.examples:
            if example.becomes is becomes:
                yield pytest.param(name, example, id=f"{name}: {example.name}")


TAKEN = list(examples(Becomes.TAKEN))
ANSWERED = list(examples(Becomes.ANSWERED))


def source_of(name: str, *, is_right: bool = True) -> Source:
    return a_source(source_text(name, is_right=is_right), name=name)


def secret_of(name: str) -> str:
    return SECRETS[variable_of(name)]


def take(name: str, example: Example, *, is_right: bool = True) -> Refused | Answered | Taken:
    """The example, made by a caller that knows the secret, or by one that knows another."""
    call = example_call(
        example,
        source_of(name, is_right=is_right),
        secret=SECRETS[variable_of(name, is_right=is_right)],
        verify_token=SECRETS["VERIFY" if is_right else "OTHER"],
    )
    return receive(source_of(name), call, Scope())


@pytest.mark.parametrize(("name", "example"), TAKEN)
def test_an_example_is_taken_under_its_deduplication_keys(name: str, example: Example) -> None:
    found = take(name, example)

    assert isinstance(found, Taken)
    assert tuple(item.dedup_key for item in found.items) == example.keys
    assert [item.reason for item in found.items] == [None] * len(example.keys)


@pytest.mark.parametrize(("name", "example"), TAKEN)
def test_the_reply_is_what_the_system_waits_for(name: str, example: Example) -> None:
    source = source_of(name)
    found = take(name, example)
    assert isinstance(found, Taken)

    reply = build_reply(source, found, Summary((("018f", "accepted"),)), Scope())

    said = None if reply is None else reply.body.decode()
    assert said == example.answer
    assert reply is None or (reply.status == 200)


@pytest.mark.parametrize(("name", "example"), TAKEN)
def test_an_example_made_with_another_secret_is_refused(name: str, example: Example) -> None:
    if not needs_secret(presets()[name]):
        pytest.skip("its calls are told by something else than a secret")

    found = take(name, example, is_right=False)

    assert isinstance(found, Refused)
    assert found.slug == "unauthenticated"


@pytest.mark.parametrize(("name", "example"), ANSWERED)
def test_a_handshake_is_answered_and_not_kept(name: str, example: Example) -> None:
    found = take(name, example)

    assert isinstance(found, Answered)
    assert found.reply.status == 200
    assert found.reply.body.decode() == (example.answer or "")
    assert found.reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "html" not in found.reply.content_type


@pytest.mark.parametrize(("name", "example"), TAKEN)
def test_no_secret_is_seen_by_rules_or_kept_beside_the_body(name: str, example: Example) -> None:
    source = source_of(name)
    call = example_call(example, source, secret=secret_of(name), verify_token=SECRETS["VERIFY"])
    found = receive(source, call, Scope())
    assert isinstance(found, Taken)

    stored = source.without_secrets(call)
    seen = [
        (item.variables.headers, item.variables.query, item.variables.path) for item in found.items
    ]

    assert secret_of(name) not in f"{stored.path} {stored.raw_query} {stored.headers} {seen}"
    assert secret_of(name) not in str(source.masked_body(found.variables.body))


@pytest.mark.parametrize(("name", "example"), TAKEN)
def test_a_stored_example_says_the_same_when_it_is_read_again(name: str, example: Example) -> None:
    source = source_of(name)
    call = example_call(example, source, secret=secret_of(name), verify_token=SECRETS["VERIFY"])
    taken = receive(source, call, Scope())
    assert isinstance(taken, Taken)
    stored = source.without_secrets(call)

    again = [
        reread(
            source,
            a_call(
                item.body(call),
                source=name,
                method=stored.method,
                path=stored.path,
                query=stored.raw_query,
                headers={**stored.headers, "content-type": item.content_type(call)},
            ),
            Scope(),
        )
        for item in taken.items
    ]

    for item, found in zip(taken.items, again, strict=True):
        assert isinstance(found, Taken)
        (one,) = found.items
        assert (one.variables.body, one.variables.call) == (
            item.variables.body,
            item.variables.call,
        )
        assert one.variables.path == item.variables.path


@pytest.mark.parametrize("name", presets())
def test_a_preset_is_used_without_a_fault_or_a_warning(name: str) -> None:
    source, faults = source_and_faults(source_text(name), name=name)

    assert source is not None
    assert [str(fault) for fault in faults] == []


@pytest.mark.parametrize(
    "name", [name for name, preset in presets().items() if needs_secret(preset)]
)
def test_a_preset_without_its_secret_says_what_is_needed(name: str) -> None:
    source, faults = source_and_faults(f"preset: {name}")

    assert source is None
    assert "secret: {env: NAME}" in str(faults[0])
    assert faults[0].key == "sources.crm.auth"


@pytest.mark.parametrize("name", presets())
def test_a_preset_tells_what_to_enter_and_how_well_it_is_known(name: str) -> None:
    preset = presets()[name]

    assert any("{url}" in step for step in preset.enter)
    assert any((preset.facts.verified, preset.facts.read, preset.facts.unverified))
    assert (preset.secret is not None) == needs_secret(preset)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", name)


def test_own_keys_of_a_source_go_before_those_of_its_preset() -> None:
    source = a_source(
        """
        preset: tilda
        auth: {bearer: {env: SECRET}}
        dedup: {header: X-Id}
        region: KZ
        """
    )

    assert source.region == "KZ"
    assert source.dedup is not None
    assert source.dedup.header == "x-id"
    assert [one.name for one in source.unproven] == ["test on connecting"]


# docs.slack.dev, "Verifying requests from Slack".
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def slack_call(body: bytes) -> Call:
    return a_call(
        body,
        content_type="application/x-www-form-urlencoded",
        headers={
            "x-slack-signature": SLACK_SIGNATURE,
            "x-slack-request-timestamp": "1531420618",
        },
        at=datetime.fromtimestamp(1531420620, UTC),
    )


def test_the_signature_in_the_documentation_of_slack_fits_its_preset() -> None:
    # The secret is public, so that a source would refuse it: the proof alone is looked at.
    authenticator, _ = build_auth(
        TypeAdapter[AuthTree](Auth).validate_python({"secret": {"env": "SLACK"}}),
        secrets=SecretReader({"SLACK": SLACK_SECRET}, Path("/nowhere")),
        key=("sources", "slack", "auth"),
        preset=presets()["slack"].auth,
        forbidden=(),
    )
    assert authenticator is not None

    assert authenticator.check(slack_call(SLACK_BODY), lambda: None) is None
    assert authenticator.check(slack_call(SLACK_BODY + b"1"), lambda: None) is not None
