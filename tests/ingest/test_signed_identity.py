"""Whom a signed call is about is said by what is signed."""

import hmac
from pathlib import Path

import pytest

from tests.support.bridges import RunningBridge, a_running_bridge

SECRET = "signing-secret-of-some-length"
CONFIG = """\
version: 1
destinations:
  main: {url: "http://127.0.0.1:9", token: {env: ALTCRAFT_TOKEN}}
sources:
  body: {auth: {hmac: {key: {env: SIGNING}, signature: {header: X-Sign}}}}
  both: {auth: {hmac: {key: {env: SIGNING}, signature: {header: X-Sign}, signed: "{query}{body}"}}}
rules: [{name: any, scenario: 3}]
"""


async def status(bridge: RunningBridge, source: str, signed: str) -> str:
    proof = hmac.new(SECRET.encode(), signed.encode(), "sha256").hexdigest()
    answer = await bridge.client.post(
        f"/hooks/{source}?email=a@example.com",
        content=b'{"id": 1}',
        headers={"X-Sign": proof, "Content-Type": "application/json"},
    )
    assert answer.status_code == 202
    return str(answer.json()["status"])


@pytest.mark.parametrize(
    ("source", "signed", "expected"),
    [
        ("body", '{"id": 1}', "ignored"),
        ("both", 'email=a@example.com{"id": 1}', "accepted"),
    ],
)
async def test_a_person_in_a_query_that_is_not_signed_is_nobody(
    tmp_path: Path, source: str, signed: str, expected: str
) -> None:
    async with a_running_bridge(tmp_path, CONFIG, secrets={"SIGNING": SECRET}) as bridge:
        assert await status(bridge, source, signed) == expected
