"""The compose files are what Compose takes, and lack nothing that a linter of them would have."""

import pytest

from tests.deploy.programs import DEPLOY, run

FILES = ("compose.yaml", "compose.postgresql.yaml")


@pytest.mark.parametrize("name", FILES)
def test_compose_understands_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE", "hooks.example.com")

    done = run("docker-compose", "-f", DEPLOY / name, "config", "--quiet")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", FILES)
def test_no_grave_fault_is_found(name: str) -> None:
    done = run("compose-lint", "--fail-on", "high", DEPLOY / name)

    assert done.returncode == 0, done.stdout
