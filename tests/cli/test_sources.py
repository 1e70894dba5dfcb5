"""`bridge source`, `bridge presets`, `bridge send`: setting up a system."""

import asyncio
import shutil
from pathlib import Path

import pytest

from app.config.document import parse_document
from app.config.validate import validate
from app.kit.clock import SystemClock
from app.set_up.curl import NotInShell, curl
from app.set_up.paste import source_text as text_to_paste
from app.set_up.sample import sample_call
from app.sources.auth.presets import fill_preset_auth
from app.sources.build import merged
from app.sources.presets import presets
from tests.support.bridges import CONFIG, SECRETS, RunningBridge, a_running_bridge
from tests.support.commands import Ran, bridge
from tests.support.presets import source_text
from tests.support.senders import PAYPAL_ROOTS
from tests.support.sources import SECRETS as OF_CALLERS

HAS_TOOLS = shutil.which("curl") and shutil.which("openssl") and shutil.which("bash")
# Signed over fields of the body or by key pairs that only the other side has; known by its address.
NOT_IN_SHELL = {"cloudpayments", "mailgun", "paypal", "robokassa", "sendgrid", "twilio"}
BY_ADDRESS = {"yookassa"}
OWN = {
    "by_basic": "auth: {basic: {username: crm, password: {env: SECRET}}}",
    "by_key": "auth: {api_key: {header: X-Key, value: {env: SECRET}}}",
    "by_query": "auth: {api_key: {query: key, value: {env: SECRET}}}",
    "by_file": "auth: {bearer: {file: token}}",
    "by_path": "auth: {path_secret: {env: SECRET}}",
    "by_two": "auth: {all: [{path_secret: {env: SECRET}}, {bearer: {env: OTHER}}]}",
    "by_hmac": "auth: {hmac: {key: {env: SECRET}, signature: {header: X-Sign}, algorithm: sha512}}",
    "by_time": (
        'auth: {hmac: {key: {env: SECRET}, signed: "{timestamp}.{method}.{body}", '
        "signature: {query: sign}, encoding: base64url, timestamp: {header: X-Time, unit: iso}}}"
    ),
    "by_digest": (
        'auth: {digest: {secret: {env: SECRET}, signed: "{secret}{body}", algorithm: md5, '
        'signature: {header: X-Sign}, prefix: "md5="}}'
    ),
}


def configuration() -> str:
    lines = [
        "version: 1",
        'destinations: {main: {url: "http://127.0.0.1:9", token: {env: ALTCRAFT_TOKEN}}}',
        "rules: [{name: any, scenario: 1}]",
        "sources:",
    ]
    texts = OWN | {name: source_text(name) for name in presets()}
    for name, text in texts.items():
        lines += [f"  {name}:", *(f"    {line}" for line in text.splitlines())]
    return "\n".join(lines)


def command(name: str, base: str) -> str:
    given = validate(parse_document(configuration().encode(), file="bridge.yaml")).sources[name]
    preset = presets().get(given.preset or "")
    auth = given.auth
    if preset is not None and preset.auth is not None:
        auth = fill_preset_auth(preset.auth, auth)
    return curl(sample_call(name, merged(given, preset), base, SystemClock().now()), auth)


async def status(running: RunningBridge, name: str) -> int | str:
    try:
        script = command(name, str(running.client.base_url).rstrip("/"))
    except NotInShell as error:
        return error.why
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script.replace("curl -i", "curl -s -o /dev/null -w '%{http_code}'", 1)),
        env={**OF_CALLERS, "PATH": "/usr/bin:/bin"},
        cwd=running.folder,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    return int(out or b"0")


@pytest.mark.skipif(not HAS_TOOLS, reason="needs bash, curl and openssl")
async def test_the_call_that_is_shown_for_a_source_is_let_in(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-in-a-file-0123456789", encoding="utf-8")
    secrets = {**OF_CALLERS, "ROOTS": PAYPAL_ROOTS}
    names = [name for name in [*OWN, *presets()] if name not in NOT_IN_SHELL | BY_ADDRESS]

    async with a_running_bridge(tmp_path, configuration(), secrets=secrets) as running:
        found = {name: await status(running, name) for name in names}

    assert {name: code for name, code in found.items() if code not in range(200, 300)} == {}


@pytest.mark.parametrize("name", sorted(NOT_IN_SHELL))
def test_where_a_shell_can_t_make_the_proof_no_call_is_shown(name: str) -> None:
    with pytest.raises(NotInShell, match="in a shell"):
        command(name, "http://127.0.0.1:8080")


def shown(name: str, folder: Path, *more: str) -> Ran:
    (folder / "bridge.yaml").write_text(configuration(), encoding="utf-8")
    return bridge("source", "show", name, "--config", folder / "bridge.yaml", *more)


def test_the_address_and_the_place_of_the_secret_are_shown_without_any_secret(
    tmp_path: Path,
) -> None:
    ran = shown("jotform", tmp_path)

    assert ran.status == 0, ran.err
    assert "http://127.0.0.1:8080/hooks/jotform/SECRET" in ran.out
    assert "hooks/jotform/${SECRET}" in ran.out
    assert "WebHooks: http://127.0.0.1:8080/hooks/jotform/SECRET\n" in ran.out


def test_a_source_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    ran = shown("jotfrom", tmp_path)

    assert ran.status == 2
    assert 'there is no source "jotfrom"; did you mean "jotform"?' in ran.err


def test_every_preset_is_listed_and_shows_what_to_enter() -> None:
    listed = bridge("presets", "--json").json

    assert list(listed) == list(presets())
    assert all(one["enter"] and one["facts"] for one in listed.values())
    one = bridge("presets", "shopify")
    assert "URL http://127.0.0.1:8080/hooks/shopify" in one.out
    assert "auth: {secret: {env: SHOPIFY_SECRET}}" in one.out


@pytest.mark.parametrize("name", [name for name in presets() if name != "paypal"])
def test_the_text_to_paste_is_sound(name: str) -> None:
    text = text_to_paste(name, presets()[name]).replace("public_key: ...", 'public_key: "..."')

    document = parse_document(f"{CONFIG.split('sources:')[0]}{text}\nrules: []".encode(), file="f")

    assert validate(document).sources[name].preset == name


async def test_a_body_is_signed_and_sent_and_the_answer_shown(tmp_path: Path) -> None:
    secrets = {**OF_CALLERS, "ROOTS": PAYPAL_ROOTS}
    (tmp_path / "token").write_text("token-in-a-file-0123456789", encoding="utf-8")
    body = tmp_path / "body.json"
    body.write_text('{"crm_id": "12345"}', encoding="utf-8")
    async with a_running_bridge(tmp_path, configuration(), secrets=secrets) as running:
        url = str(running.client.base_url).rstrip("/")
        sent = [
            await asyncio.to_thread(
                bridge,
                *("send", body, "--source", name, "--url", url, "--json"),
                environ={**SECRETS, **secrets, "BRIDGE_CONFIG": str(tmp_path / "bridge.yaml")},
            )
            for name in ("by_time", "standard-webhooks", "stripe")
        ]

    assert [(ran.status, ran.json["status"]) for ran in sent] == [(0, 202)] * 3
    assert {ran.json["body"]["status"] for ran in sent} == {"accepted"}


def test_a_bridge_that_does_not_run_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(CONFIG, encoding="utf-8")

    ran = bridge(
        *("send", "--source", "forms", "--url", "http://127.0.0.1:9"),
        *("--config", tmp_path / "bridge.yaml"),
        environ=SECRETS,
    )

    assert ran.status == 3
    assert "http://127.0.0.1:9 does not answer (ConnectError); is it running?" in ran.err
