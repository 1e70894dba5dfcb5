"""What the pages say is what the program does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from fastapi import FastAPI
from typer.core import TyperGroup

from app.api.routes import api_routes
from app.cli.main import command_line
from app.config.document import parse_document
from app.config.schema import BridgeFile
from app.config.secrets import SecretReader
from app.config.settings import Settings
from app.config.validate import validate
from app.expressions import ExpressionFailed, Scope, Variables, compile_text
from app.expressions.scope import FUNCTIONS, VARIABLES
from app.model.json import Json
from app.revision.build import build_revision
from app.web.problems import PROBLEMS
from tests.project.reference import PAGES, TITLES, page_with_sections
from tests.rules.support import AT
from tests.support.whole import ROOT, documentation

EXPRESSIONS = (ROOT / "docs" / "expressions.md").read_text(encoding="utf-8")
DOCS = documentation()


def in_code() -> str:
    """What stands in backticks or in blocks."""
    return "\n".join(re.findall(r"`[^`\n]+`|^```.*?^```|^    .*?$", DOCS, re.MULTILINE | re.DOTALL))


def commands(group: TyperGroup | None = None, before: str = "bridge") -> Iterator[str]:
    group = group or typer.main.get_command(command_line())  # type: ignore[assignment]  # of many commands
    assert group is not None
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{before} {name}")
        elif not command.hidden:
            yield f"{before} {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_tables_are_those_of_the_program(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert text == page_with_sections(text), "run `python -m tests.project.reference`"


def test_every_part_of_the_file_has_a_section() -> None:
    schema = BridgeFile.model_json_schema()
    models = {name for name, one in schema["$defs"].items() if one.get("type") == "object"}

    assert models - {model.__name__ for model in TITLES} == set()


def test_every_key_of_the_file_stands_in_the_docs() -> None:
    keys = {field.alias or name for model in TITLES for name, field in model.model_fields.items()}

    text = in_code()

    assert len(keys) > 80
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_every_variable_of_the_environment_stands_in_the_docs() -> None:
    known = {f"BRIDGE_{name.upper()}" for name in Settings.model_fields}

    assert {name for name in known if name not in DOCS} == set()


def test_every_variable_that_is_spoken_of_exists() -> None:
    known = {f"BRIDGE_{name.upper()}" for name in Settings.model_fields}
    texts = [DOCS, (ROOT / "Dockerfile").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.py")]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "deploy").rglob("*.y*ml")]

    spoken = {name for text in texts for name in re.findall(r"\bBRIDGE_[A-Z_]*[A-Z]\b", text)}

    assert spoken - known == set()


def test_every_command_stands_in_the_docs() -> None:
    found = list(commands())

    assert "bridge serve" in found
    assert [command for command in found if command not in DOCS] == []


def test_every_problem_type_stands_in_the_docs() -> None:
    assert [slug for slug in PROBLEMS if f"`{slug}`" not in DOCS] == []


def test_every_request_of_the_operator_api_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([A-Z]+ /api/v1/[^` ]+)`", page))
    desk: Any = None  # routes are only listed
    faces = FastAPI()
    faces.include_router(api_routes(desk))

    known = {
        f"{method.upper()} {path}"
        for path, methods in faces.openapi()["paths"].items()
        for method in methods
    }

    assert len(known) > 20
    assert told == known


def configurations() -> Iterator[str]:
    for block in re.findall(r"^ *```yaml\n(.*?)^ *```", DOCS, re.MULTILINE | re.DOTALL):
        if re.search(r"^ *version: 1$", block, re.MULTILINE):
            yield block


def test_every_whole_file_in_the_docs_is_sound() -> None:
    found = list(configurations())

    assert len(found) >= 2
    for text in found:
        assert validate(parse_document(text.encode(), file="docs")).version == 1


WHOLE = """version: 1
destinations: {main: {url: "https://altcraft.example.com", token: {env: ALTCRAFT_TOKEN}}}
rules: [{name: any, scenario: 1}]
"""


@pytest.mark.parametrize(
    "block", re.findall(r"^```yaml\n(sources:.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
)
def test_every_source_in_the_docs_is_sound(block: str) -> None:
    text = WHOLE + block
    secrets = {
        name: f"{name}-0123456789-of-enough-length" for name in re.findall(r"env: (\w+)", text)
    }

    revision = build_revision(
        parse_document(text.encode(), file="docs"), SecretReader(secrets, ROOT)
    )

    assert len(revision.sources) == 1
    assert revision.warnings == ()


def examples() -> Iterator[tuple[str, str]]:
    table = EXPRESSIONS.split("| expression | yields |")[1].split("\n\n")[0]
    for line in table.splitlines()[2:]:
        cells = re.split(r"(?<!\\)\|", line)[1:-1]
        expression, yields = (cell.strip().replace(r"\|", "|") for cell in cells)
        yield expression.strip("`"), yields


@pytest.mark.parametrize(("text", "yields"), list(examples()))
def test_every_example_of_an_expression_yields_what_the_page_says(text: str, yields: str) -> None:
    block = EXPRESSIONS.split("```json\n")[1].split("```")[0]
    body: Json = json.loads(block)
    expression, scope = compile_text(text), Scope()
    at = AT.replace(hour=6)
    scope.fill(Variables("shop", at, body=body, call=body), expression.needs, "RU")

    if yields.startswith("`"):
        assert expression.evaluate(scope) == json.loads(yields.strip("`"))
        return
    with pytest.raises(ExpressionFailed) as failed:
        expression.evaluate(scope)
    assert str(failed.value) == yields


def test_there_are_examples() -> None:
    assert len(list(examples())) > 20


def test_every_variable_and_function_of_expressions_is_named() -> None:
    named = set(re.findall(r"`([A-Za-z0-9_.]+)(?:\(x\))?`", EXPRESSIONS))
    short = {name.rsplit(".", 1)[-1] for name in named}

    assert set(VARIABLES) <= named
    assert set(FUNCTIONS) - short == set()


def test_every_link_of_the_docs_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = re.sub(r"`[^`\n]+`", "", page.read_text(encoding="utf-8"))
        anchors = {
            re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        }
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            file, _, anchor = target.partition("#")
            if file.startswith(("http://", "https://")):
                continue
            assert not file or (page.parent / file).exists(), f"{page.name}: {target}"
            assert file or anchor in anchors, f"{page.name}: {target}"
