"""A configuration is compiled whole, or refused with all that is wrong with it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from app.config.document import parse_document
from app.config.faults import ConfigRefused
from app.config.secrets import SecretReader
from app.expressions import Variables
from app.model.json import Json
from app.revision import Revision, read_revision
from app.revision.build import build_revision
from app.rules import evaluate
from tests.rules.support import AT

EXAMPLE = """\
version: 1
destinations:
  main:
    url: https://altcraft.example.com       # the API path is the client's business
    token: {env: ALTCRAFT_TOKEN}
    rate: 50/s                              # optional pace
    concurrency: 16
sources:
  forms:
    auth: {bearer: {env: FORMS_TOKEN}}
  shop:
    preset: shopify                         # auth scheme, decoding, event id, reply
    auth: {secret: {env: SHOP_SECRET}}
  crm:
    preset: bitrix24
    auth: {secret: {env: BITRIX_TOKEN}}
rules:
  - name: deal won
    source: crm                             # one, a list, or absent: any
    when: body.event == "ONCRMDEALUPDATE" && body.data.FIELDS.STAGE_ID == "WON"
    match:                                  # in order
      - {custom: CRM_ID, value: body.data.FIELDS.CONTACT_ID}
      - {email: body.data.FIELDS.EMAIL}
    scenario: 3
    content: {deal: body.data.FIELDS.ID}
    destination: main
"""
ENVIRON = {
    "ALTCRAFT_TOKEN": "altcraft-t0ken-0123456789",
    "FORMS_TOKEN": "forms-t0ken-0123456789abcdef",
    "SHOP_SECRET": "shop-s3cret-0123456789abcdef",
    "BITRIX_TOKEN": "bitrix-t0ken-0123456789abcdef",
}


def build(text: str, environ: Mapping[str, str] = ENVIRON) -> Revision:
    document = parse_document(text.encode(), file="bridge.yaml")
    return build_revision(document, SecretReader(environ, Path("/nowhere")))


def lines(text: str, environ: Mapping[str, str] = ENVIRON) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        build(text, environ)
    return refused.value.lines()


def test_the_example_is_compiled_whole() -> None:
    revision = build(EXAMPLE)

    main = revision.platforms["main"]
    assert (main.settings.rate, main.settings.concurrency) == (50.0, 16)
    assert main.token.reveal() == "altcraft-t0ken-0123456789"
    assert list(revision.sources) == ["forms", "shop", "crm"]
    assert [rule.name for rule in revision.rules.all] == ["deal won"]
    assert revision.delivery.lease == 60.0


def test_the_rules_of_the_example_start_their_scenario() -> None:
    revision = build(EXAMPLE)
    fields: Json = {"STAGE_ID": "WON", "ID": "17", "CONTACT_ID": "12345"}
    body: Json = {"event": "ONCRMDEALUPDATE", "data": {"FIELDS": fields}}

    decision = evaluate(revision.rules, Variables("crm", AT, body=body))

    assert [(one.rule, one.scenario, one.content) for one in decision.starts] == [
        ("deal won", 3, {"deal": "17"})
    ]


def test_a_source_of_which_no_rule_takes_a_call_is_warned_of() -> None:
    warned = [(fault.key, fault.line) for fault in build(EXAMPLE).warnings]

    assert ("sources.forms", 9) in warned
    assert ("sources.shop", 11) in warned


def test_a_revision_is_named_by_its_content() -> None:
    assert build(EXAMPLE).id == build(EXAMPLE).id
    assert build(EXAMPLE).id != build(EXAMPLE + "# more\n").id


def test_nothing_shows_a_secret() -> None:
    shown = repr(build(EXAMPLE))

    for secret in ENVIRON.values():
        assert secret not in shown


def test_each_secret_that_is_not_there_is_named_at_once() -> None:
    found = lines(EXAMPLE, {"SHOP_SECRET": "", "FORMS_TOKEN": ENVIRON["FORMS_TOKEN"]})

    assert [line.split("; ")[0] for line in found if "environment variable" in line] == [
        "bridge.yaml:5: destinations.main.token: environment variable ALTCRAFT_TOKEN is not set or "
        "empty",
        "bridge.yaml:13: sources.shop.auth.secret: environment variable SHOP_SECRET is not set or "
        "empty",
        "bridge.yaml:16: sources.crm.auth.secret: environment variable BITRIX_TOKEN is not set or "
        "empty",
    ]
    assert ENVIRON["FORMS_TOKEN"] not in "".join(found)


def test_a_secret_file_that_is_not_there_is_named() -> None:
    found = lines(EXAMPLE.replace("{env: ALTCRAFT_TOKEN}", "{file: secrets/token}"))

    assert found[0].startswith(
        "bridge.yaml:5: destinations.main.token: secret file /nowhere/secrets/token can't be read: "
        "No such file or directory"
    )


def test_faults_of_all_parts_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        EXAMPLE.replace("preset: shopify", "preset: shopfy")
        .replace("body.event ==", "boddy.event ==")
        .replace("destination: main", "destination: man")
        .replace("rate: 50/s", "outcomes: [{error: 404, text: '(', outcome: malformed}]")
    )

    found = [line for line in lines(text) if "no rule takes" not in line]

    assert [line.split(": ")[0] for line in found] == [f"bridge.yaml:{n}" for n in (6, 12, 20, 26)]
    assert "destinations.main.outcomes[0].text: is no regular expression" in found[0]
    assert found[1].endswith('no system is known by the name "shopfy"; did you mean "shopify"?')
    assert found[2].endswith('unknown name "boddy" at column 1; did you mean "body"?')
    assert found[3].endswith('no destination is named "man"; did you mean "main"?')


@pytest.mark.parametrize(
    ("lease", "timeout", "is_fault"),
    [("30s", "30s", True), ("29s", "30s", True), ("31s", "30s", False), ("0s", "1s", True)],
)
def test_a_lease_that_ends_before_a_request_does_is_a_fault(
    lease: str, timeout: str, is_fault: bool
) -> None:
    text = EXAMPLE.replace("rate: 50/s", f"timeout: {timeout}") + f"delivery: {{lease: {lease}}}\n"

    if not is_fault:
        assert build(text).delivery.lease == 31.0
        return
    found = lines(text)
    assert found[-1] == (
        f"bridge.yaml:27: delivery.lease: is {int(lease[:-1])} s, not longer than "
        f"destinations.main.timeout ({int(timeout[:-1])} s); make the lease at least twice the "
        "time limit of a request"
    )


def test_a_rule_that_trusts_what_no_signature_covers_is_warned_of() -> None:
    signed = "{hmac: {key: {env: FORMS_TOKEN}, signature: {header: X-Sign}}}"
    rule = '  - {name: form, source: forms, when: \'headers["x-kind"] == "a"\', scenario: 1}\n'
    text = EXAMPLE.replace("{bearer: {env: FORMS_TOKEN}}", signed) + rule

    warned = [str(fault) for fault in build(text).warnings if fault.key == "rules[1]"]

    assert warned == [
        'rules[1]: reads headers, which the signature of source "forms" does not cover: whoever '
        "repeats a signed call can change it"
    ]


@pytest.mark.parametrize(
    ("rule", "is_warned_of"),
    [
        ('when: body.id == "1", match: [{email: \'"a@example.com"\'}]', True),
        ("match: [{custom: A, value: call.id}]", True),
        ("when: source == 'forms'", True),  # whom it starts for is taken from the body
        ("match: [{email: '\"a@example.com\"'}]", False),
    ],
)
def test_a_rule_that_reads_a_body_that_its_signature_leaves_open_is_warned_of(
    rule: str, is_warned_of: bool
) -> None:
    text = EXAMPLE.replace(
        "auth: {bearer: {env: FORMS_TOKEN}}",
        "preset: mailgun\n    auth: {secret: {env: FORMS_TOKEN}}",
    )
    text += f"  - {{name: opened, source: forms, {rule}, scenario: 1}}\n"

    warned = [str(fault) for fault in build(text).warnings if fault.key == "rules[1]"]

    assert bool(warned) is is_warned_of
    assert all("reads body" in line for line in warned)


def test_a_file_is_read_with_secrets_beside_it(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(
        EXAMPLE.replace("{env: ALTCRAFT_TOKEN}", "{file: token}"), encoding="utf-8"
    )
    (tmp_path / "token").write_text("from-a-file-0123456789\n", encoding="utf-8")

    revision = read_revision(tmp_path / "bridge.yaml", ENVIRON)

    assert revision.platforms["main"].token.reveal() == "from-a-file-0123456789"


def test_lists_of_no_secrets_are_refused() -> None:
    found = lines(EXAMPLE.replace("{env: FORMS_TOKEN}", "[]"))

    assert any("sources.forms.auth.bearer: names no secret" in line for line in found)
