"""What is shipped for deployment agrees with the program."""

import re
from pathlib import Path

from ruamel.yaml import YAML

from app.config.document import read_document
from app.config.schema.file import DeliverySettings
from app.config.secrets import SecretReader
from app.revision.build import build_revision
from tests.support.whole import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = YAML(typ="safe").load(DEPLOY / "compose.yaml")
BRIDGE = COMPOSE["services"]["bridge"]
UNIT = (DEPLOY / "bridge.service").read_text(encoding="utf-8")


def test_the_example_is_sound_and_warns_of_nothing() -> None:
    document = read_document(DEPLOY / "bridge.example.yaml")

    revision = build_revision(document, SecretReader({}, ROOT, placeholder="a-s3cret-0123456789"))

    assert revision.warnings == ()
    assert set(revision.sources) == {"forms", "shop", "crm"}


def test_every_secret_of_the_example_is_mounted() -> None:
    text = (DEPLOY / "bridge.example.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"/run/secrets/(\w+)", text))

    assert named == set(BRIDGE["secrets"]) == set(COMPOSE["secrets"])
    assert named == set(re.findall(r"^LoadCredential=(\w+):", UNIT, re.MULTILINE))


def test_a_stop_is_given_longer_than_the_grace_of_what_is_in_flight() -> None:
    in_compose = float(BRIDGE["stop_grace_period"].removesuffix("s"))
    in_unit = float(re.findall(r"^TimeoutStopSec=(\d+)", UNIT, re.MULTILINE)[0])

    # The server's own limit comes before the grace of deliveries, and writing down after it.
    assert min(in_compose, in_unit) >= DeliverySettings().grace + 20


def test_the_container_runs_as_nobody_on_a_file_system_that_it_can_t_change() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [user] = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)

    assert BRIDGE["user"] == user
    assert BRIDGE["read_only"] is True
    assert BRIDGE["cap_drop"] == ["ALL"]
    assert "data:/data" in BRIDGE["volumes"]


def test_the_proxy_keeps_addresses_out_of_its_log() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    [log] = re.findall(r"log_format bridge (.*?);", text, re.DOTALL)

    assert not {"$request ", "$request_uri", "$uri", "$args", "$query_string"} & set(
        re.findall(r"\$\w+ ?", log)
    )


def test_every_file_is_spoken_of() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")

    files = {path.name for path in Path(DEPLOY).iterdir() if path.is_file()} - {"README.md"}
    assert {name for name in files if f"`{name}`" not in text} == set()
