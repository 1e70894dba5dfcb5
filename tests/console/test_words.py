"""Every text is there in every language."""

import re
import string
import tomllib
from collections.abc import Iterator
from typing import TypeAlias

import pytest

from app.console.visitors import LANGUAGES
from app.console.words import Words
from tests.support.whole import ROOT

CONSOLE = ROOT / "app" / "console"
FORMS = {"en": 2, "ru": 3}


Text: TypeAlias = dict[str, str | list[str]]


def read() -> Iterator[tuple[str, Text]]:
    for file in sorted((CONSOLE / "words").glob("*.toml")):
        for section, named in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for name, text in named.items():
                yield f"{section}.{name}", text


TEXTS = list(read())


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def faults_of(text: Text) -> Iterator[str]:
    if set(text) != set(LANGUAGES):
        yield f"is in {sorted(text)}"
    forms = {one: said if isinstance(said, list) else [said] for one, said in text.items()}
    if any(isinstance(said, list) for said in text.values()):
        counts = {one: len(said) for one, said in forms.items()}
        if counts != FORMS:
            yield f"has {counts} forms"
    fields = {frozenset(set().union(*map(fields_of, said))) for said in forms.values()}
    if len(fields) != 1:
        yield f"has not the same fields in each language: {fields}"


def test_a_text_says_the_same_in_every_language() -> None:
    wrong = {name: faults for name, text in TEXTS if (faults := list(faults_of(text)))}

    assert len(TEXTS) > 300
    assert wrong == {}


def test_no_name_stands_twice() -> None:
    names = [name for name, _ in TEXTS]

    assert len(names) == len(set(names))


def test_every_text_that_a_template_names_is_there() -> None:
    known = {name for name, _ in TEXTS}
    missing = set()
    for template in (CONSOLE / "templates").rglob("*.html"):
        for name in re.findall(r"\bt\(\"([\w.]+)\"\s*[,)]", template.read_text(encoding="utf-8")):
            if name not in known:
                missing.add(f"{template.name}: {name}")

    assert missing == set()


@pytest.mark.parametrize(
    ("count", "form"), [(1, 0), (21, 0), (2, 1), (34, 1), (5, 2), (11, 2), (12, 2), (0, 2)]
)
def test_russian_counts_in_three_forms(count: int, form: int) -> None:
    found = [(n, text["ru"]) for n, text in TEXTS if isinstance(text["ru"], list)]
    if not found:
        pytest.skip("no text counts yet")
    name, forms = found[0]
    fields = {field: "" for field in fields_of(forms[form])} | {"n": count}

    assert str(Words("ru")(name, **fields)) == forms[form].format(**fields)
