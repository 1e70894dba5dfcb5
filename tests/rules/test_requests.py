"""What a rule asks for beyond whom and what."""

from datetime import timedelta

import pytest

from app.model.handling import AtMost, Batch, Priority, QuietHours
from app.model.json import Json
from app.model.start import Import, Match, Matching, OnUnknownProfile, Target
from tests.rules.support import AT, build, decide, start

BODY: dict[str, Json] = {
    "crm_id": "7",
    "email": "ivan@example.com",
    "name": "Ivan",
    "zone": "Europe/Moscow",
    "at": "2026-11-24T10:00:00+03:00",
    "files": [{"name": "a.pdf"}],
    "resource": "17",
}


def rule(text: str) -> str:
    return f"- {{name: deal, scenario: 3, {text}}}"


def test_a_trigger_mailing_is_a_target_like_a_scenario() -> None:
    found = start("- {name: receipt, trigger: 9}", BODY)

    assert (found.target, found.scenario) == (Target.TRIGGER, 9)


def test_fields_of_the_request_are_made_of_the_call() -> None:
    found = start(
        rule(
            "resource_id: body.resource, attach: body.files, custom_data: {n: body.name}, "
            "subscription_filter: {email: body.email, not_strict: true}"
        ),
        BODY,
    )

    assert found.fields == {
        "resource_id": 17,
        "attach": [{"name": "a.pdf"}],
        "custom_data": {"n": "Ivan"},
        "subscription_filter": {"email": "ivan@example.com", "not_strict": True},
    }


def test_an_import_has_the_fields_of_the_profile() -> None:
    found = start(
        rule("import_profile: true, data: {_fname: body.name}, db_id: 2, skip_triggers: true"), BODY
    )

    assert found.imports == Import(
        True, {"data": {"_fname": "Ivan"}, "db_id": 2, "skip_triggers": True}
    )


def test_a_profile_that_no_match_finds_can_be_created() -> None:
    found = start(rule("on_unknown_profile: import, data: {_fname: body.name}"), BODY)

    assert found.on_unknown_profile is OnUnknownProfile.IMPORT
    assert found.imports == Import(False, {"data": {"_fname": "Ivan"}})


def test_a_call_that_names_nobody_who_can_be_created_still_starts_and_says_so() -> None:
    text = rule("on_unknown_profile: import, match: [{profile_id: body.id}, {email: body.email}]")

    decision = decide(text, {"id": "f" * 24})

    assert decision.starts[0].imports is None
    assert any("nothing to create a profile by" in note for note in decision.notes)


@pytest.mark.parametrize(
    ("item", "match"),
    [
        ("{email_profile: body.email}", Match(Matching.EMAIL_PROFILE, "ivan@example.com")),
        (
            "{matching: push_data, fields: {provider: '\"ios\"', token: body.crm_id}}",
            Match(Matching.OTHER, {"provider": "ios", "token": "7"}, "push_data"),
        ),
    ],
)
def test_further_modes_have_fields_of_their_own(item: str, match: Match) -> None:
    assert start(rule(f"import_profile: true, match: [{item}]"), BODY).matches == (match,)


def test_a_query_to_the_database_stands_for_a_mode() -> None:
    found = start(rule("match: [{custom_request: '{\"CRM_ID\": body.crm_id}'}]"), BODY)

    assert found.matches == (Match(Matching.REQUEST, {"CRM_ID": "7"}),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("resource_id: body.name", "resource_id body.name: is not a whole number"),
        ("attach: body.name", "attach body.name: is not a list of objects"),
        ("custom_data: {n: body.missing}", 'custom_data.n body.missing: no key "missing"'),
        ("not_before: body.name", "not_before body.name: is no instant"),
        (
            "not_before: '\"2026-11-24T10:00:00\"'",
            "is no instant: expected RFC 3339 with an offset",
        ),
        ("not_before: '\"2126-11-24T10:00:00Z\"'", "is more than 3650 days ahead"),
    ],
)
def test_what_cannot_be_made_out_is_a_named_reason(text: str, why: str) -> None:
    decision = decide(rule(text), BODY)

    assert decision.starts == ()
    assert why in (decision.reason or "")


def test_a_start_waits_for_the_later_of_delay_and_instant() -> None:
    assert start(rule("delay: 2h"), BODY).handling.not_before == AT + timedelta(hours=2)
    later = start(rule("delay: 2h, not_before: body.at"), BODY).handling.not_before
    assert later is not None
    assert later.isoformat() == "2026-11-24T07:00:00+00:00"


def test_times_turns_and_company_are_as_the_rule_says() -> None:
    handling = start(
        rule(
            "priority: high, expires: 1d, at_most: 1 per 24h, debounce: {quiet: 30s}, "
            'order_by: body.crm_id, quiet_hours: {from: "22:00", to: "08:00", zone_of: body.zone}, '
            "import_profile: true, batch: up_to 500 within 200ms as task"
        ),
        BODY,
    ).handling

    assert handling.priority is Priority.HIGH
    assert handling.expires_at == AT + timedelta(days=1)
    assert handling.quiet_hours == QuietHours(1320, 480, "Europe/Moscow")
    assert handling.batch == Batch(500, 0.2, as_task=True)
    assert handling.at_most == AtMost(handling.at_most.key, 1, 86400) if handling.at_most else False
    assert handling.burst is not None
    assert (handling.burst.quiet_s, handling.burst.longest_s) == (30, 600)
    assert handling.order is not None
    assert handling.order.wait_s == 3600


def test_keys_are_of_the_person_and_name_nobody() -> None:
    one, same, other = (
        start(rule("at_most: 1 per 24h"), {"email": email}).handling.at_most
        for email in ("ivan@example.com", "Ivan@EXAMPLE.com ".strip(), "olga@example.com")
    )

    assert one is not None
    assert other is not None
    assert one.key != other.key
    assert "ivan" not in one.key
    assert same is not None


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("order_by: body.missing", "it starts without order"),
        ("debounce: {quiet: 5s, by: body.missing}", "it starts by itself"),
        (
            'quiet_hours: {from: "22:00", to: "08:00", zone_of: body.name}',
            "is no time zone such as Europe/Moscow; UTC is taken",
        ),
    ],
)
def test_what_is_dispensable_is_left_out_with_a_note_and_the_start_is_not_lost(
    text: str, note: str
) -> None:
    decision = decide(rule(text), BODY)

    assert len(decision.starts) == 1
    assert any(note in one for one in decision.notes)


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("data: {_fname: body.name}", "rules[0].data", "is of imports"),
        ("skip_triggers: true", "rules[0].skip_triggers", "is of imports"),
        ("match: [{email_profile: body.email}]", "rules[0].match[0]", "only imports"),
        (
            "match: [{profile_id: body.id}], on_unknown_profile: import",
            "rules[0].on_unknown_profile",
            "can create a profile",
        ),
        (
            "match: [{custom_request: body.q}], import_profile: true",
            "rules[0].match[0]",
            "a query is none",
        ),
        (
            "match: [{custom_request: body.q}], subscription_filter: {email: body.email}",
            "rules[0].subscription_filter",
            "can't be used",
        ),
        ("batch: up_to 5 within 1s", "rules[0].batch", "only with an import"),
        ("expires: 1m, delay: 2m", "rules[0].expires", "nothing would ever start"),
        ("order_by: body.(", "rules[0].order_by", "is no CEL"),
        ("data: {a: bdy.x}, import_profile: true", "rules[0].data.a", 'unknown name "bdy"'),
    ],
)
def test_what_a_rule_needs_and_has_not_is_found_before_it_is_used(
    text: str, key: str, reason: str
) -> None:
    _, faults = build(rule(text))

    [fault] = [fault for fault in faults if fault.key == key]
    assert reason in fault.reason
