"""What is wrong with the arguments themselves."""

from pathlib import Path

import pytest

from tests.support.bridges import CONFIG
from tests.support.commands import bridge
from tests.support.new_stores import copy_store


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["check", "--nonsense"], "No such option: --nonsense"),
        (["check", "FILE", "ANOTHER"], "unexpected extra argument"),
        (["source", "nonsense"], "No such command 'nonsense'"),
        (["send"], "Missing"),
        (["serve", "--workers", "many"], "Invalid value for '--workers'"),
        (["serve", "--port"], "Option '--port' requires an argument"),
        (["serve", "--role", "worker", "--workers", "2"], "a worker takes no calls"),
        (["sandbox", "--port", "99999"], "Invalid value for '--port'"),
        (["demo", "--port", "99999"], "Invalid value for '--port'"),
    ],
)
def test_it_is_said_and_the_status_is_that_of_usage(arguments: list[str], said: str) -> None:
    ran = bridge(*arguments)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_help_goes_to_the_output_and_is_no_failure() -> None:
    ran = bridge("serve", "--help")

    assert (ran.status, ran.err) == (0, "")
    assert "--workers" in ran.out


def test_without_a_command_all_are_shown() -> None:
    ran = bridge()

    assert "deliveries" in ran.out + ran.err
    assert ran.status == 2


@pytest.mark.parametrize("arguments", [["concerns"], ["events", "list"], ["db", "stats"]])
def test_who_looks_where_no_store_is_makes_none(tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / "data" / "bridge.db"

    ran = bridge(*arguments, environ={"BRIDGE_DATABASE_URL": f"sqlite+aiosqlite:///{path}"})

    assert (ran.status, ran.out) == (2, "")
    assert f"there is no store at {path}: set BRIDGE_DATABASE_URL" in ran.err
    assert not path.parent.exists()


def test_a_server_that_cannot_be_reached_is_named_without_its_password() -> None:
    url = "postgresql+asyncpg://bridge:pw-of-the-store@127.0.0.1:1/bridge"

    ran = bridge("concerns", environ={"BRIDGE_DATABASE_URL": url})

    assert ran.status == 3
    assert "it is bridge at 127.0.0.1:1 (BRIDGE_DATABASE_URL)" in ran.err
    assert "pw-of-the-store" not in ran.err


def test_what_is_paused_and_not_in_the_configuration_is_said(tmp_path: Path) -> None:
    copy_store(tmp_path / "bridge.db")
    (tmp_path / "bridge.yaml").write_text(CONFIG)
    environ = {
        "BRIDGE_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/bridge.db",
        "BRIDGE_CONFIG": str(tmp_path / "bridge.yaml"),
    }

    mistyped = bridge("pause", "rule", "welcomme", environ=environ)
    known = bridge("pause", "rule", "welcome", environ=environ)

    assert (mistyped.status, mistyped.out) == (0, "rule welcomme is paused\n")
    assert 'names no rule "welcomme"; did you mean "welcome"?' in mistyped.err
    assert (known.status, known.err) == (0, "")
