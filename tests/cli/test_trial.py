"""`bridge try`: what would happen, nothing sent."""

from pathlib import Path

import pytest

from tests.cli.test_check import EXAMPLE, SECRETS
from tests.support.commands import Ran, bridge

WON = (
    "event=ONCRMDEALUPDATE&data[FIELDS][STAGE_ID]=WON&data[FIELDS][CONTACT_ID]=7&data[FIELDS][ID]=1"
)
FORM = "Content-Type: application/x-www-form-urlencoded"


def tried(*arguments: str | Path, stdin: str = "") -> Ran:
    return bridge("try", EXAMPLE, *arguments, environ=SECRETS, stdin=stdin)


def test_the_rule_that_holds_and_the_exact_request_are_shown_with_the_token_masked() -> None:
    ran = tried("-", "--source", "crm", "--header", FORM, "--json", stdin=WON)

    assert ran.status == 0, ran.err
    [one] = ran.json
    [request] = one["requests"]
    assert request == {
        "rule": "deal won",
        "scenario": 3,
        "url": "http://127.0.0.1:8081/api/v1.1/workflows/start",
        "urls": ["http://127.0.0.1:8081/api/v1.1/workflows/start"],
        "handling": [],
        "bodies": [
            {
                "token": "***",
                "id": 3,
                "matching": "custom",
                "field_name": "CRM_ID",
                "field_value": "7",
                "content": {"deal": "1"},
            }
        ],
    }


def test_a_match_that_cannot_be_used_is_noted_and_the_rest_is_tried() -> None:
    ran = tried("-", "--source", "crm", "--header", FORM, "--json", stdin=WON)

    assert ran.json[0]["notes"] == [
        'rule "deal won": match[1] body.data.FIELDS.EMAIL: no key "EMAIL"'
    ]


def test_why_nothing_would_start_is_said_and_is_an_exit_status() -> None:
    stdin = WON.replace("=WON", "=NEW")
    ran = tried("-", "--source", "crm", "--header", FORM, stdin=stdin)

    assert ran.status == 1
    assert (
        'nothing would start: nearest is rule "deal won": condition 2 of 2 failed: '
        'body.data.FIELDS.STAGE_ID == "WON"'
    ) in ran.out


def test_a_file_and_a_query_string_can_be_tried(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"crm_id": "12345"}')

    by_file = tried(body, "--source", "forms")
    by_query = tried("--source", "forms", "--method", "get", "--query", "crm_id=12345")

    assert (by_file.status, by_query.status) == (0, 0)
    assert by_file.out == by_query.out
    assert 'rule "welcome" holds and would send' in by_file.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-", "--source", "crn"), 'there is no source "crn"; did you mean "crm"?'),
        (("/nowhere.json", "--source", "crm"), "/nowhere.json: can't be read"),
        (("-", "--source", "crm", "--header", "nonsense"), '--header: expected "Name: value"'),
    ],
)
def test_what_cannot_be_tried_says_why(arguments: tuple[str, ...], said: str) -> None:
    ran = tried(*arguments)

    assert ran.status == 2
    assert said in ran.err


def test_a_body_that_cannot_be_decoded_is_refused_with_the_reason() -> None:
    ran = tried(
        "-", "--source", "forms", "--header", "Content-Type: application/json", stdin='{"a": '
    )

    assert ran.status == 1
    assert "refused (undecodable)" in ran.err
