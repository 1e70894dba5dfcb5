"""What the pages say, in each language: `words/*.toml`, the languages of a text beside each other.

A text is HTML, and what is put into it is escaped. Where it depends on a number `n` it is a list of
forms, chosen as GNU gettext does (its manual, "Plural forms").
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from gettext import c2py
from importlib.resources import files

from markupsafe import Markup

_PLURALS = {
    "en": c2py("n != 1"),
    "ru": c2py("n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"),
}


class Words:
    """Called with the name of a text, and what belongs into it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = _texts()

    def __call__(self, name: str, /, **given: object) -> Markup:
        """Raises KeyError for what no file has."""
        text = self._texts[name][self.language]
        if isinstance(text, list):
            number = given["n"]
            text = text[_PLURALS[self.language](number if isinstance(number, int) else 0)]
        return Markup(text).format(**given)  # noqa: S704 - ours; what is given is escaped

    def has(self, name: str) -> bool:
        return name in self._texts


@cache
def _texts() -> Mapping[str, Mapping[str, str | list[str]]]:
    """By `section.name`."""
    found = {}
    for file in files(__package__).joinpath("words").iterdir():
        if file.name.endswith(".toml"):
            for section, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found.update({f"{section}.{name}": text for name, text in texts.items()})
    return found
