"""Where notices go is checked with the rest of the file, and its secrets are shown nowhere."""

import pytest

from app.revision.channels import Channel
from tests.revision.test_build import ENVIRON, EXAMPLE, build, lines
from tests.support.whole import ROOT

SLACK = "https://hooks.slack.com/services/T0/B0/very-secret"
MORE = {**ENVIRON, "SLACK": SLACK, "BOT": "123:very-secret\n"}


def channels(*notices: str) -> tuple[Channel, ...]:
    return build(written(*notices), MORE).channels


def written(*notices: str) -> str:
    return EXAMPLE + "notices:\n" + "".join(f"  - {{name: {one}}}\n" for one in notices)


def test_the_address_is_a_secret_or_stands_in_the_file() -> None:
    secret, plain = channels(
        "night, shape: slack, url: {env: SLACK}", "day, shape: json, url: 'https://a.example/b'"
    )

    assert (secret.url.reveal(), plain.url.reveal()) == (SLACK, "https://a.example/b")
    assert "very-secret" not in repr(secret)


def test_a_bot_is_asked_by_its_token() -> None:
    at_telegram, elsewhere = channels(
        "a, shape: telegram, token: {env: BOT}, chat: '-1'",
        "b, shape: telegram, token: {env: BOT}, chat: '-1', url: 'https://tg.example/'",
    )

    path = "bot123:very-secret/sendMessage"
    assert at_telegram.url.reveal() == f"https://api.telegram.org/{path}"
    assert elsewhere.url.reveal() == f"https://tg.example/{path}"
    assert "very-secret" not in repr(at_telegram)


@pytest.mark.parametrize(
    ("notice", "fault"),
    [
        ("a, shape: slack", "slack needs `url`"),
        ("a, shape: telegram, token: {env: BOT}", "telegram needs `token` and `chat`"),
        ("a, shape: json, url: {env: SLACK}, chat: '1'", "`token` and `chat` are for telegram"),
        ("a, shape: json, url: {env: NOT_SET}", "environment variable NOT_SET is not set or empty"),
        ("a, shape: json, url: {env: BOT}", "the secret is no address"),
        ("a, shape: json, url: {env: SLACK}, repeat: 1s", "greater than or equal to 60"),
        ("a, shape: json, url: {env: SLACK}, kinds: [nonsense]", "input should be 'problem'"),
        ("a, shape: json, url: nonsense", "notices[0].url"),
    ],
)
def test_what_is_wrong_with_a_notice_is_told_with_its_line(notice: str, fault: str) -> None:
    found = lines(written(notice), MORE)

    [line] = [line for line in found if "notices" in line]
    assert fault in line
    assert "very-secret" not in line


def test_names_are_not_given_twice() -> None:
    same = "a, shape: json, url: {env: SLACK}"

    assert any("the name a is given twice" in line for line in lines(written(same, same), MORE))


def test_the_example_of_the_page_is_sound() -> None:
    page = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8")
    block = (
        page.split("```yaml\n")[1].split("```")[0].replace("file: /run/secrets/slack", "env: SLACK")
    )

    found = build(EXAMPLE + block, {**MORE, "TELEGRAM_TOKEN": "123:t"}).channels

    assert [one.name for one in found] == ["night", "team", "programs"]
