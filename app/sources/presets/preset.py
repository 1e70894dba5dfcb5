"""One known system, read from its file."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import Field, HttpUrl, field_validator

from app.config.document import parse_document
from app.config.schema.base import Part
from app.config.schema.source import Source
from app.sources.presets.example import Example

_SUFFIX = ".yaml"


class Facts(Part):
    """How well what the file says is known."""

    verified: tuple[str, ...] = Field((), description="checked against known vectors or code")
    read: tuple[str, ...] = Field((), description="read in the vendor's documentation")
    unverified: tuple[str, ...] = Field((), description="neither: look before relying on it")


class Preset(Part):
    """`source` has the keys of a source; `auth` is apart, for it waits for the user's secret."""

    title: str = Field(min_length=1, description="the system's name")
    about: str = Field(min_length=1, description="what it calls for, in a sentence or two")
    urls: tuple[HttpUrl, ...] = Field((), description="documentation of the system")
    enter: tuple[str, ...] = Field(
        min_length=1, description="what to enter where; {url} stands for the source's address"
    )
    secret: str | None = Field(None, description="what the secret is and where it is found")
    facts: Facts
    auth: dict[str, Any] | None = Field(None, description="as in a source, without its secret")
    source: Source = Field(default_factory=Source, description="the other keys of a source")
    examples: tuple[Example, ...] = Field(min_length=1)

    @field_validator("source")
    @classmethod
    def _is_plain(cls, source: Source) -> Source:
        if source.auth is not None or source.preset is not None:
            raise ValueError("a preset has its `auth` apart and builds on no other preset")
        return source


class _Shelf(Mapping[str, Preset]):
    """Reads a file when its preset is asked for: most installations name few of them."""

    def __init__(self, folder: Traversable) -> None:
        self._files = {
            file.name.removesuffix(_SUFFIX): file
            for file in sorted(folder.iterdir(), key=lambda file: file.name)
            if file.name.endswith(_SUFFIX)
        }
        self._read: dict[str, Preset] = {}

    def __getitem__(self, name: str) -> Preset:
        if name not in self._read:
            file = self._files[name]
            document = parse_document(file.read_bytes(), file=f"presets/{file.name}")
            self._read[name] = Preset.model_validate(document.root)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@cache
def presets() -> Mapping[str, Preset]:
    """All of them, by name in order."""
    return _Shelf(files(__package__))
