"""What differs by machine is read from the environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.config.faults import ConfigRefused
from app.config.settings import environment, read_settings
from app.kit.log_choice import LogFormat, LogLevel

_SHOW = """
from app.config.faults import ConfigRefused
from app.config.settings import read_settings
try:
    found = read_settings()
    print(found)
    print(repr(found.database_url), found.admin_token is None)
except ConfigRefused as refused:
    print(refused)
"""


def shown(**environ: str) -> str:
    """What a process with this environment makes of it."""
    kept = {name: text for name, text in environment().items() if name[:7] != "BRIDGE_"}
    done = subprocess.run(
        [sys.executable, "-c", _SHOW],
        env=kept | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_every_variable_is_read() -> None:
    found = shown(
        BRIDGE_CONFIG="/etc/bridge.yaml",
        BRIDGE_DATABASE_URL="postgresql+asyncpg://bridge:hunter2@db/bridge",
        BRIDGE_HOST="0.0.0.0",
        BRIDGE_PORT="9000",
        BRIDGE_PUBLIC_URL="https://hooks.example.com/",
        BRIDGE_TRUSTED_PROXIES="10.0.0.0/8, ::1",
        BRIDGE_ADMIN_TOKEN="t0p-s3cret",
        BRIDGE_LOG_FORMAT="json",
        BRIDGE_LOG_LEVEL="debug",
    )

    first, second = found.splitlines()
    for part in (
        "/etc/bridge.yaml",
        "host='0.0.0.0' port=9000",
        "public_url='https://hooks.example.com'",
        "trusted_proxies=('10.0.0.0/8', '::1')",
        "LogFormat.JSON",
        "LogLevel.DEBUG",
    ):
        assert part in first
    assert "hunter2" not in first
    assert "t0p-s3cret" not in first
    assert second == "'postgresql+asyncpg://bridge:hunter2@db/bridge' False"


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    found = shown(BRIDGE_ADMIN_TOKEN="", BRIDGE_PUBLIC_URL="", BRIDGE_PORT="", BRIDGE_HOST="")

    assert "host='127.0.0.1' port=8080 public_url=None" in found
    assert found.endswith(" True\n")


def test_every_variable_that_cannot_be_used_is_named_without_its_value() -> None:
    found = shown(
        BRIDGE_PORT="99999",
        BRIDGE_PUBLIC_URL="ftp://hunter2.example.com",
        BRIDGE_TRUSTED_PROXIES="hunter2",
        BRIDGE_LOG_LEVEL="hunter2",
    )

    assert sorted(line.split(": ")[1] for line in found.splitlines()) == [
        "BRIDGE_LOG_LEVEL", "BRIDGE_PORT", "BRIDGE_PUBLIC_URL", "BRIDGE_TRUSTED_PROXIES",
    ]  # fmt: skip
    assert "hunter2" not in found


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2/@ :\n")
    (tmp_path / "token").write_text("t0p-s3cret\n")

    first, second = shown(
        BRIDGE_DATABASE_URL="postgresql+asyncpg://bridge@db:5432/bridge?ssl=require",
        BRIDGE_DATABASE_PASSWORD_FILE=str(tmp_path / "password"),
        BRIDGE_ADMIN_TOKEN_FILE=str(tmp_path / "token"),
    ).splitlines()

    assert "hunter2" not in first
    assert "t0p-s3cret" not in first
    assert second == (
        "'postgresql+asyncpg://bridge:hunter2%2F%40%20%3A@db:5432/bridge?ssl=require' False"
    )


@pytest.mark.parametrize(
    "address", ["postgresql+asyncpg://bridge:hunter2@db/bridge", "sqlite+aiosqlite:///bridge.db"]
)
def test_a_password_is_not_guessed_a_place(tmp_path: Path, address: str) -> None:
    (tmp_path / "password").write_text("hunter2")

    found = shown(
        BRIDGE_DATABASE_URL=address, BRIDGE_DATABASE_PASSWORD_FILE=str(tmp_path / "password")
    )

    assert found.startswith("environment:1: BRIDGE_DATABASE_URL: ")
    assert "hunter2" not in found


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = shown(BRIDGE_ADMIN_TOKEN_FILE=str(tmp_path / "token"))

    assert "BRIDGE_ADMIN_TOKEN_FILE" in found
    assert f"{tmp_path}/token can't be read: No such file" in found


def test_the_command_line_goes_before_the_environment() -> None:
    found = read_settings(config=Path("other.yaml"), host="::1", port=0)

    assert (found.config, found.host, found.port) == (Path("other.yaml"), "::1", 0)


def test_what_the_command_line_does_not_say_stays() -> None:
    assert read_settings(config=None).config == read_settings().config


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ConfigRefused, match="environment:1: BRIDGE_PORT: "):
        read_settings(port=port)


def test_the_choices_of_logging_are_closed() -> None:
    assert read_settings(log_format="human", log_level="error").log_format is LogFormat.HUMAN
    assert read_settings(log_level="warning").log_level is LogLevel.WARNING


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:4318",
        "ftp://c",
        "http://",
        "http://u:hunter2@c",
        "http://c?k=hunter2",
        "http://c#x",
    ],
)
def test_an_address_of_traces_is_one_of_http_without_a_secret(address: str) -> None:
    found = shown(BRIDGE_OTLP_ENDPOINT=address)

    assert "BRIDGE_OTLP_ENDPOINT: " in found
    assert "hunter2" not in found


def test_the_address_of_traces_ends_without_a_slash() -> None:
    found = shown(BRIDGE_OTLP_ENDPOINT="https://collector.example.com/otlp/")

    assert "otlp_endpoint='https://collector.example.com/otlp'" in found
