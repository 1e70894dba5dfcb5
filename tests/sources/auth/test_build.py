"""What is wrong with a source's authentication is said at once, and never shows a secret."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.config.faults import Severity
from app.sources.auth import Authenticator, CallPart
from app.sources.auth.published import PUBLISHED
from tests.sources.auth.support import a_call, auth_of, built, is_let_in, parsed

TOKEN = "s3cret-s3cret-s3cret"


def _faults(written: Any, preset: Any = None, **env: str) -> tuple[Authenticator | None, list[str]]:
    made, faults = built(written, env, preset=preset)
    return made, [str(fault) for fault in faults]


def test_all_secrets_that_are_not_set_are_named_at_once() -> None:
    written = {
        "all": [
            {"bearer": [{"env": "A"}, {"env": "B"}]},
            {"any": [{"basic": {"username": "u", "password": {"env": "C"}}}]},
            {"hmac": {"key": {"file": "d"}, "signature": {"header": "X"}}},
        ]
    }

    made, faults = _faults(written, A=TOKEN)

    assert made is None
    assert faults == [
        "sources.shop.auth.all[0].bearer[1]: environment variable B is not set or empty; set it",
        "sources.shop.auth.all[1].any[0].basic.password: "
        "environment variable C is not set or empty; set it",
        "sources.shop.auth.all[2].hmac.key: "
        "secret file /nowhere/d can't be read: No such file or directory; "
        "it must be a file that this process may read",
    ]


def test_nobody_is_let_in_without_a_word_about_it() -> None:
    made, faults = _faults(None)

    assert made is None
    assert faults == [
        "sources.shop.auth: is required: nobody is let in without a proof; "
        "say `auth: none` when anybody may call"
    ]


def test_no_secrets_at_all_are_a_fault() -> None:
    made, faults = _faults({"bearer": []})

    assert made is None
    assert faults == ["sources.shop.auth.bearer: names no secret; give {env: NAME} or {file: PATH}"]


def test_a_short_secret_is_warned_of() -> None:
    _, faults = built({"bearer": {"env": "K"}}, {"K": "short"})

    assert [(fault.severity, fault.key) for fault in faults] == [
        (Severity.WARNING, "sources.shop.auth.bearer")
    ]
    assert "short" not in faults[0].reason.replace("shorter", "")


def test_white_space_around_a_secret_is_warned_of() -> None:
    made, faults = built({"bearer": {"env": "K"}}, {"K": TOKEN + " "})

    assert made is not None
    assert [fault.severity for fault in faults] == [Severity.WARNING]


ZENDESK = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


@pytest.mark.parametrize(
    "written",
    [
        {"bearer": {"env": "K"}},
        {"hmac": {"key": {"env": "K"}, "signature": {"header": "X"}}},
        {"basic": {"username": "u", "password": {"env": "K"}}},
        {"jwt": {"secret": {"env": "K"}, "algorithms": "HS256"}},
    ],
)
@pytest.mark.parametrize("secret", [ZENDESK, "It's a Secret to Everybody"])
def test_a_secret_that_everybody_knows_opens_nothing(written: Any, secret: str) -> None:
    made, faults = built(written, {"K": secret}, forbidden=PUBLISHED)

    assert made is None
    assert "stands in public documentation" in faults[0].reason
    assert secret not in str(faults[0])


@pytest.mark.parametrize(
    ("encoding", "secret"), [("hex", "abc"), ("hex", "xyz!"), ("base64", "a b"), ("base64", "A")]
)
def test_a_key_that_is_not_written_as_said_is_a_fault(encoding: str, secret: str) -> None:
    written = {
        "hmac": {"key": {"env": "K"}, "key_encoding": encoding, "signature": {"header": "X"}}
    }

    made, faults = _faults(written, K=secret)

    assert made is None
    assert faults == [f"sources.shop.auth.hmac.key: the secret is not in {encoding}"]


@pytest.mark.parametrize("secret", ["with/slash-------", "with space--------", "с-кириллицей-----"])
def test_a_secret_that_can_t_stand_in_a_path_is_a_fault(secret: str) -> None:
    made, faults = _faults({"path_secret": {"env": "K"}}, K=secret)

    assert made is None
    assert faults == [
        "sources.shop.auth.path_secret: the secret is not of letters, digits and - . _ ~ alone, "
        "as a URL needs it"
    ]


@pytest.mark.parametrize(
    ("written", "place", "reason"),
    [
        ("no", "", "Input should be 'none'"),
        ({"none": False}, "none", "Input should be True"),
        ({"beerer": {"env": "K"}}, "beerer", "Extra inputs are not permitted"),
        ([], "", "expected at least one"),
        ({"any": []}, "any", "expected at least one"),
        ({"ip": {"allow": []}}, "ip.allow", "expected at least one"),
        ({"ip": {"allow": "10.0.0.1/8"}}, "ip.allow", "value is not a valid IPv4 or IPv6 network"),
        (
            {"basic": {"username": "a:b", "password": {"env": "K"}}},
            "basic.username",
            "String should match pattern '^[^:]*$'",
        ),
        (
            {"all": [{"any": [{"none": True}]}]},
            "all.0.any.0.none",
            "Extra inputs are not permitted",
        ),
    ],
)
def test_what_can_t_be_meant_is_refused_in_its_place(
    written: Any, place: str, reason: str | None
) -> None:
    with pytest.raises(ValidationError) as refused:
        parsed(written)

    error = refused.value.errors()[0]
    path = [str(p) for p in error["loc"] if not str(p).startswith("<")]
    assert (".".join(path), error["msg"].removeprefix("Value error, ")) == (place, reason)


@pytest.mark.parametrize("written", [{}, {"bearer": {"env": "K"}, "ip": {"allow": "10.0.0.1"}}])
def test_one_way_is_chosen(written: Any) -> None:
    with pytest.raises(ValidationError, match="expected exactly one of bearer, basic, api_key"):
        parsed(written)


SHOPIFY = {
    "hmac": {
        "key": {"secret": "preset"},
        "encoding": "base64",
        "signature": {"header": "X-Shopify-Hmac-Sha256"},
    }
}
BEPAID = {
    "all": [
        {
            "basic": {
                "username": {"input": "shop_id"},
                "password": {"secret": "preset"},
            }
        },
        {
            "public_key": {
                "kind": "rsa",
                "key": {"secret": "public_key"},
                "signature": {"header": {"input": "header", "default": "Content-Signature"}},
            }
        },
    ]
}
YOOKASSA = {"ip": {"allow": ["185.71.76.0/27"]}}


def test_the_user_s_secret_completes_the_preset() -> None:
    made, faults = built({"secret": {"env": "K"}}, {"K": TOKEN}, preset=SHOPIFY)

    assert faults == []
    assert made is not None
    assert made.covers == frozenset({CallPart.BODY})
    assert made.signing_secret is not None
    assert made.signing_secret.reveal() == TOKEN
    signed = made.sign(a_call(b"{}"), lambda _: None)
    assert is_let_in(made, signed)


def test_several_secrets_complete_the_preset_during_a_rotation() -> None:
    both = [{"env": "A"}, {"env": "B"}]
    made, _ = built({"secret": both}, {"A": TOKEN, "B": TOKEN + "2"}, preset=SHOPIFY)
    old, _ = built({"secret": {"env": "B"}}, {"B": TOKEN + "2"}, preset=SHOPIFY)

    assert made is not None
    assert old is not None
    assert is_let_in(made, old.sign(a_call(b"{}"), lambda _: None))


def test_the_preset_s_way_may_stand_beside_others() -> None:
    written = {"all": [{"secret": {"env": "K"}}, {"ip": {"allow": "10.0.0.0/8"}}]}
    made, faults = built(written, {"K": TOKEN}, preset=SHOPIFY)

    assert faults == []
    assert made is not None
    signed = made.sign(a_call(b"{}", client="10.0.0.9"), lambda _: None)
    assert is_let_in(made, signed)
    assert not is_let_in(made, made.sign(a_call(b"{}", client="8.8.8.8"), lambda _: None))


def test_a_preset_that_needs_nothing_works_without_a_word() -> None:
    made, faults = built(None, {}, preset=YOOKASSA)

    assert faults == []
    assert made is not None
    assert is_let_in(made, a_call(client="185.71.76.3"))


def test_a_way_of_the_user_s_own_takes_the_place_of_the_preset_s() -> None:
    made, faults = built({"bearer": {"env": "K"}}, {"K": TOKEN}, preset=SHOPIFY)

    assert faults == []
    assert made is not None
    assert is_let_in(made, a_call(headers={"Authorization": f"Bearer {TOKEN}"}))


@pytest.mark.parametrize(
    ("written", "preset", "fault"),
    [
        (
            None,
            SHOPIFY,
            "sources.shop.auth: is required: the preset needs `secret: {env: NAME}`",
        ),
        (
            {"secret": {"env": "UNSET"}},
            SHOPIFY,
            "sources.shop.auth.secret: environment variable UNSET is not set or empty; set it",
        ),
        (
            {"secret": {"env": "K"}},
            YOOKASSA,
            "sources.shop.auth.secret: the preset needs no secret: choose a way of your own",
        ),
        (
            {"secret": {"env": "K"}, "inputs": {"shop": "1"}},
            SHOPIFY,
            "sources.shop.auth.inputs.shop: the preset has no such input; it takes none",
        ),
        (
            {"secret": {"env": "K"}},
            BEPAID,
            "sources.shop.auth: is required: the preset needs `inputs: {shop_id: ...}`",
        ),
        (
            {"secret": {"env": "K"}, "inputs": {"shop_id": "1", "public_key": "text"}},
            BEPAID,
            "sources.shop.auth.inputs.public_key: expected {env: NAME} or {file: PATH}",
        ),
        (
            {
                "secret": {"env": "K"},
                "inputs": {"shop_id": {"env": "K"}, "public_key": {"env": "K"}},
            },
            BEPAID,
            "sources.shop.auth.inputs.shop_id: expected a text",
        ),
        (
            {"secret": {"env": "K"}, "inputs": {"shop_id": "a:b", "public_key": {"env": "K"}}},
            BEPAID,
            "sources.shop.auth: does not fit the preset: String should match pattern '^[^:]*$'",
        ),
        (
            {"secret": {"env": "K"}, "inputs": {"shop_id": "1", "public_key": {"env": "K"}}},
            BEPAID,
            "sources.shop.auth.secret: is no public key: expected PEM, or base64 of DER",
        ),
    ],
)
def test_what_does_not_complete_the_preset_is_said_where_the_user_wrote_it(
    written: Any, preset: Any, fault: str
) -> None:
    made, faults = _faults(written, preset, K=TOKEN)

    assert made is None
    assert faults == [fault]


def test_without_a_preset_there_is_nothing_to_complete() -> None:
    made, faults = _faults({"secret": {"env": "K"}}, K=TOKEN)

    assert made is None
    assert faults[0].startswith(
        "sources.shop.auth.secret: only a preset with a way of its own takes it; known here: "
    )


def test_an_ordinary_source_has_no_faults() -> None:
    assert auth_of({"bearer": {"env": "K"}}, K=TOKEN).signing_secret is not None
