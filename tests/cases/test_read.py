"""Cases are found beside their configuration, and a fault in one is named by file, line and key."""

import re
from pathlib import Path

import pytest

from app.cases import CasesRefused, cases_folder, find_cases
from app.cases.read import read_cases
from app.cases.shape import BodyOf, Case, Expect, ExpectedStart
from app.config.document import parse_document
from tests.support.whole import ROOT

PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
SOUND = "{name: one, source: forms, expect: {starts: []}}\n"


def refusal(folder: Path, text: str) -> str:
    file = folder / "cases.yaml"
    file.write_text(text)
    with pytest.raises(CasesRefused) as refused:
        find_cases(file)
    return str(refused.value).replace(f"{file}:", "")


def test_cases_stand_in_a_folder_named_after_the_configuration() -> None:
    assert cases_folder(Path("etc/bridge.yaml")) == Path("etc/bridge.tests")


def test_a_folder_is_read_whole_and_a_file_holds_one_case_or_a_list(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "b.yaml").write_text(SOUND)
    (tmp_path / "inner" / "a.yml").write_text(f"- {SOUND}\n- {SOUND.replace('one', 'two')}")
    (tmp_path / "body.json").write_text("no case")

    found = find_cases(tmp_path)

    assert [(p.file.name, p.line, p.case.name) for p in found] == [
        ("b.yaml", 1, "one"),
        ("a.yml", 1, "one"),
        ("a.yml", 3, "two"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SOUND.replace("expect", "expct"), '1: expct: unknown key; did you mean "expect"?'),
        ("- " + SOUND.replace("starts", "start"), "1: [0].expect.start: unknown key"),
        (SOUND.replace("source: forms, ", ""), "1: source: is required and missing"),
        (SOUND.replace("starts: []", ""), "1: expect: says nothing"),
        (SOUND.replace("starts: []", "refused: x, starts: []"), "`refused` stands alone"),
        (SOUND.replace("starts: []", "starts: [{rule: a}], because: b"), "`because` is for calls"),
        (SOUND.replace("[]", "[{match: {emial: a}}]"), "unknown key; did you mean"),
        (SOUND.replace("[]", "[{match: {custom: A}}]"), "go together"),
        (SOUND.replace("[]", "[{match: []}]"), "expected at least one"),
        (SOUND.replace("expect", "body: {json: 1, form: {}}, expect"), "expected exactly one of"),
        (SOUND.replace("expect", "body: {json: .nan}, expect"), "can't be written as JSON"),
        (SOUND.replace("expect", "body: {form: {a: 1}}, expect"), "put it in quotes"),
        (SOUND.replace("expect", "received: '2026-01-01T00:00:00', expect"), "timezone"),
        ("text", "1: file: expected a case, or a list of them"),
        ("[]", "holds no cases"),
        ("a: [", "is no YAML"),
    ],
)
def test_a_fault_is_named_by_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_the_faults_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("{}")

    with pytest.raises(CasesRefused) as refused:
        find_cases(tmp_path)

    assert {line.split(":")[0] for line in str(refused.value).splitlines()} == {
        str(tmp_path / "a.yaml"),
        str(tmp_path / "b.yaml"),
    }


def test_no_cases_are_a_fault(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CasesRefused):
            find_cases(place)


def test_the_page_names_every_key_and_its_example_is_sound() -> None:
    models = (Case, BodyOf, Expect, ExpectedStart)
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    [example] = re.findall(r"^```yaml\n(- name.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    cases = list(read_cases(parse_document(example.encode(), file="docs"), Path("docs")))

    assert len(cases) == 2
    assert [key for key in sorted(keys) if f"`{key}`" not in PAGE] == []
