"""What is shipped for deployment agrees with the program, file with file. What other programs say
of it stands in `tests/deploy`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from app.config.document import read_document
from app.config.schema.file import DeliverySettings
from app.config.secrets import SecretReader
from app.revision.build import build_revision
from tests.support.whole import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = {
    name: YAML(typ="safe").load(DEPLOY / name)
    for name in ("compose.yaml", "compose.postgresql.yaml")
}
UNIT = (DEPLOY / "bridge.service").read_text(encoding="utf-8")
EXAMPLE = (DEPLOY / "bridge.example.yaml").read_text(encoding="utf-8")
SECRETS = set(re.findall(r"/run/secrets/(\w+)", EXAMPLE))


def services(name: str) -> Iterator[tuple[str, Any]]:
    yield from COMPOSE[name]["services"].items()


def bridges() -> Iterator[Any]:
    """Those services that run the program."""
    for name in COMPOSE:
        for _, service in services(name):
            if service["image"].startswith("altcraft-bridge"):
                yield service


def test_the_example_is_sound_and_warns_of_nothing() -> None:
    document = read_document(DEPLOY / "bridge.example.yaml")

    revision = build_revision(document, SecretReader({}, ROOT, placeholder="a-s3cret-0123456789"))

    assert revision.warnings == ()
    assert set(revision.sources) == {"forms", "shop", "crm"}


def test_every_secret_of_the_example_is_mounted() -> None:
    for service in bridges():
        assert set(service["secrets"]) - {"database_password"} == SECRETS
    for compose in COMPOSE.values():
        assert set(compose["secrets"]) - {"database_password"} == SECRETS
    assert set(re.findall(r"^LoadCredential=(\w+):", UNIT, re.MULTILINE)) == SECRETS


def test_a_stop_is_given_longer_than_the_grace_of_what_is_in_flight() -> None:
    in_compose = [float(service["stop_grace_period"].removesuffix("s")) for service in bridges()]
    in_unit = float(re.findall(r"^TimeoutStopSec=(\d+)", UNIT, re.MULTILINE)[0])

    # The server's own limit comes before the grace of deliveries, and writing down after it.
    assert min(*in_compose, in_unit) >= DeliverySettings().grace + 20


@pytest.mark.parametrize("name", COMPOSE)
def test_every_container_may_do_little_and_comes_back(name: str) -> None:
    for title, service in services(name):
        assert service["read_only"] is True, title
        assert service["cap_drop"] == ["ALL"], title
        assert service["security_opt"] == ["no-new-privileges:true"], title
        assert service["restart"] == "unless-stopped", title
        assert "mem_limit" in service, title
        assert "pids_limit" in service, title
        assert service["healthcheck"]["test"][0] == "CMD", title
        assert service["logging"]["options"]["max-size"], title


def test_the_container_runs_as_nobody() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [user] = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)

    assert {service["user"] for service in bridges()} == {user}


def test_the_configuration_is_mounted_as_a_folder() -> None:
    for service in bridges():
        assert "./config:/etc/bridge:ro" in service["volumes"]


def test_the_one_process_keeps_its_store_in_a_volume() -> None:
    assert "data:/data" in COMPOSE["compose.yaml"]["services"]["bridge"]["volumes"]


def test_on_postgresql_two_take_calls_and_two_deliver() -> None:
    compose = COMPOSE["compose.postgresql.yaml"]["services"]
    roles = [service["command"][2] for service in compose.values() if "command" in service]

    assert sorted(roles) == ["ingest", "ingest", "worker", "worker"]
    assert "ports" not in compose["database"]
    ports = {name: service["ports"] for name, service in compose.items() if "ports" in service}
    assert ports.keys() == {"proxy", "worker-1"}
    assert all(not port.endswith(":8080") for port in ports["proxy"])
    upstreams = compose["proxy"]["environment"]["UPSTREAMS"].split()
    assert upstreams == ["ingest-1:8080", "ingest-2:8080"]


def test_pages_and_api_are_on_the_machine_s_own_address_alone() -> None:
    published = [port for service in bridges() for port in service.get("ports", ())]

    assert published == ["127.0.0.1:8080:8080"] * 2


def test_the_proxy_s_network_is_the_one_whose_word_is_believed() -> None:
    compose = COMPOSE["compose.postgresql.yaml"]
    [front] = compose["networks"]["front"]["ipam"]["config"]

    trusted = {
        service["environment"]["BRIDGE_TRUSTED_PROXIES"]
        for service in compose["services"].values()
        if service["image"].startswith("altcraft-bridge")
    }
    assert trusted == {front["subnet"]}


def test_no_password_stands_in_an_environment() -> None:
    for compose in COMPOSE.values():
        for title, service in compose["services"].items():
            for variable, text in service["environment"].items():
                assert not variable.endswith(("PASSWORD", "TOKEN")), title
                assert not re.search(r"://[^/@]*:[^/@]*@", str(text)), title


def test_the_proxy_keeps_addresses_out_of_its_log() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    [log] = re.findall(r"log_format bridge (.*?);", text, re.DOTALL)

    assert not {"$request ", "$request_uri", "$uri", "$args", "$query_string"} & set(
        re.findall(r"\$\w+ ?", log)
    )


def test_every_file_and_folder_is_spoken_of() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")

    made_by_the_operator = {"README.md", "config", "secrets"}
    names = {path.name for path in Path(DEPLOY).iterdir()} - made_by_the_operator
    assert {name for name in names if f"`{name}" not in text} == set()


def test_every_page_that_is_pointed_to_is_there() -> None:
    for page in (DEPLOY / "README.md", *DEPLOY.rglob("README.md"), *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)}: {link}"
