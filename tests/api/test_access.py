"""Who gets in, and how far."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.model.operator import Role
from app.outbox import ActKind
from app.service.roles import Role as ProcessRole
from tests.api.operators import a_token, an_office
from tests.support.bridges import a_running_bridge
from tests.support.values import an_act

ADMIN = "a-token-of-the-environment"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("role", ProcessRole)
async def test_the_token_of_the_environment_opens_every_process(
    tmp_path: Path, role: ProcessRole
) -> None:
    async with a_running_bridge(tmp_path, role=role, admin_token=ADMIN) as bridge:
        answer = await bridge.client.get("/api/v1/events", headers=bearer(ADMIN))

    assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})


@pytest.mark.parametrize(("token", "is_warned"), [("short", True), ("x" * 32, False)])
async def test_a_token_of_the_environment_that_may_be_guessed_is_warned_of(
    tmp_path: Path, token: str, is_warned: bool
) -> None:
    with capture_logs() as logs:
        async with a_running_bridge(tmp_path, admin_token=token):
            pass

    warned = [log for log in logs if log.get("key") == "BRIDGE_ADMIN_TOKEN"]
    assert bool(warned) is is_warned
    assert "short" not in str([log["reason"].replace("shorter", "") for log in warned])


async def test_without_any_token_it_says_how_to_make_one(tmp_path: Path) -> None:
    async with a_running_bridge(tmp_path) as bridge:
        answer = await bridge.client.get("/api/v1/events", headers=bearer("guess"))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "bridge token make" in answer.json()["detail"]


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic YTpi", "Bearer bridge_guess", "Bearer \xff"]
)
async def test_whoever_has_no_token_learns_nothing(tmp_path: Path, header: str | None) -> None:
    async with a_running_bridge(tmp_path, admin_token=ADMIN) as bridge:
        headers = {} if header is None else {"Authorization": header.encode("latin-1")}
        for path in ("/api/v1/events", "/api/v1/nowhere"):
            answer = await bridge.client.get(path, headers=headers)  # type: ignore[arg-type]  # bytes are fine

            assert answer.status_code == 401
            assert "bridge token make" not in answer.text


async def test_a_body_is_not_read_before_the_token_and_never_without_bound(tmp_path: Path) -> None:
    async with a_running_bridge(tmp_path, admin_token=ADMIN) as bridge:
        body = b"x" * (5 * 1024**2)
        answer = await bridge.client.post("/api/v1/try", content=body, headers=bearer(ADMIN))

    assert answer.status_code == 413


async def test_a_revoked_token_opens_nothing_from_the_next_request_on(tmp_path: Path) -> None:
    async with a_running_bridge(tmp_path, admin_token=ADMIN) as bridge:
        token = await a_token(bridge, "olga", Role.OPERATOR)
        before = await bridge.client.get("/api/v1/acts", headers=bearer(token))
        await bridge.parts.outbox.revoke_token("olga", an_act(ActKind.REVOKE_TOKEN))

        after = await bridge.client.get("/api/v1/acts", headers=bearer(token))

    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_viewer_changes_nothing(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        for path in (
            "deliveries/replay", "deliveries/x/replay", "deliveries/cancel", "deliveries/x/cancel",
            "events/replay", "events/x/replay", "pauses", "forget",
        ):  # fmt: skip
            answer = await office.vera.post(path, json={"since": "1h"})
            assert (path, answer.status_code) == (path, 403)
        assert (await office.vera.delete("pauses/rule/welcome")).status_code == 403


async def test_the_reference_names_the_token_for_every_operation(tmp_path: Path) -> None:
    async with a_running_bridge(tmp_path) as bridge:
        reference = (await bridge.client.get("/openapi.json")).json()

    assert reference["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    operations = {
        f"{method} {path}": operation
        for path, methods in reference["paths"].items()
        if path.startswith("/api/")
        for method, operation in methods.items()
    }
    assert len(operations) > 20
    assert [n for n, one in operations.items() if one["security"] != [{"token": []}]] == []
    assert [n for n, one in operations.items() if not one.get("description")] == []
    assert [n for n, one in operations.items() if "401" not in one["responses"]] == []
