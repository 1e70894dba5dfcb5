"""The JSON Schema that is shipped is that of the models, and every key is described."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # it ships none

from app.cli.check import json_schema
from app.config.document import parse_document
from app.config.validate import validate
from tests.revision.test_build import EXAMPLE
from tests.support.whole import ROOT

SHIPPED = ROOT / "app" / "config" / "bridge.schema.json"
DEMO = ROOT / "app" / "cli" / "example" / "bridge.yaml"


def shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return found


def properties() -> Iterator[tuple[str, Mapping[str, Any]]]:
    schema: Mapping[str, Any] = json_schema()
    models = {"the file": schema, **schema["$defs"]}
    for name, model in models.items():
        for key, field in model.get("properties", {}).items():
            yield f"{name}.{key}", field


def test_the_shipped_schema_is_that_of_the_models() -> None:
    assert shipped() == json_schema(), "run `make schema`"


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(shipped())


def test_every_key_of_the_file_is_described() -> None:
    found = dict(properties())

    assert len(found) > 100
    assert [name for name, field in found.items() if not field.get("description")] == []


def test_a_default_is_written_as_the_file_takes_it() -> None:
    schema = shipped()
    wrong = []
    for name, field in properties():
        if field.get("default") is not None:
            whole = {**field, "$defs": schema["$defs"]}
            wrong += [name for _ in Draft202012Validator(whole).iter_errors(field["default"])]

    assert wrong == []


@pytest.mark.parametrize("text", [EXAMPLE, DEMO.read_text(encoding="utf-8")], ids=["full", "demo"])
def test_a_sound_file_fits_the_schema(text: str) -> None:
    document = parse_document(text.encode(), file="bridge.yaml")

    assert [
        error.message for error in Draft202012Validator(shipped()).iter_errors(document.root)
    ] == []
    assert validate(document).version == 1


@pytest.mark.parametrize(
    ("sound", "wrong"),
    [("rate: 50/s", "rate: 50"), ("scenario: 3", "scenario: three"), ("concurrency", "concurency"),
     ("{env: ALTCRAFT_TOKEN}", "secret"), ("version: 1", "version: 2")],
)  # fmt: skip
def test_what_the_program_refuses_an_editor_marks(sound: str, wrong: str) -> None:
    root = parse_document(EXAMPLE.replace(sound, wrong).encode(), file="bridge.yaml").root

    assert list(Draft202012Validator(shipped()).iter_errors(root))
