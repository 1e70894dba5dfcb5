"""What all models of the file share, and the small types their fields are made of."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    StringConstraints,
    Tag,
    WithJsonSchema,
)

from app.kit import durations

T = TypeVar("T")
_DURATION_PATTERN = r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"
_SIZE_PATTERN = r"^\d+(\.\d+)?\s*(B|KiB|MiB|GiB|KB|MB)$"


def _defaults_as_written(schema: dict[str, Any]) -> None:
    """An editor puts a default in where it is asked to: it must be what the file takes."""
    for field in schema.get("properties", {}).values():
        default, pattern = field.get("default"), field.get("pattern")
        if default is None:
            continue
        if pattern and pattern.startswith(_DURATION_PATTERN):
            field["default"] = durations.duration_text(default)
        elif pattern == _SIZE_PATTERN:
            field["default"] = durations.size_text(default)


class Part(BaseModel):
    """A mapping of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_defaults_as_written)


def _text(parse: Callable[[str], Any]) -> BeforeValidator:
    def read(given: Any) -> Any:
        # Anything but a text is refused by the parser's own words, which show what is expected.
        return parse(given if isinstance(given, str) else "")

    return BeforeValidator(read)


Seconds: TypeAlias = Annotated[
    float,
    _text(durations.seconds),
    WithJsonSchema({"type": "string", "pattern": _DURATION_PATTERN}),
]
"""A duration as written (`30s`), held in seconds."""


def _age(given: str) -> float | None:
    return None if given == "never" else durations.seconds(given)


Age: TypeAlias = Annotated[
    float | None,
    _text(_age),
    WithJsonSchema({"type": "string", "pattern": rf"{_DURATION_PATTERN}|^never$"}),
]
"""A duration as written, in seconds, or `never`: None."""

Bytes: TypeAlias = Annotated[
    int,
    _text(durations.size_bytes),
    WithJsonSchema({"type": "string", "pattern": _SIZE_PATTERN}),
]

Rate: TypeAlias = Annotated[
    float,
    _text(durations.per_second),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*/\s*(s|m|h)$"}),
]


def _as_cel(given: Any) -> Any:
    """A number or a flag in the file is the expression that yields it."""
    if isinstance(given, bool):
        return "true" if given else "false"
    return str(given) if isinstance(given, int | float) else given


Expression: TypeAlias = Annotated[
    str,
    BeforeValidator(_as_cel),
    StringConstraints(min_length=1, max_length=8192),
    WithJsonSchema({"type": ["string", "number", "boolean"], "description": "a CEL expression"}),
]
"""The text of a CEL expression."""

Name: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", min_length=1, max_length=64)
]
"""A name that may stand in a URL path and a metric label."""


def is_list(given: object) -> str:
    return "<many>" if isinstance(given, list | tuple) else "<one>"


if TYPE_CHECKING:
    OneOrMany: TypeAlias = tuple[T, ...]
else:

    class OneOrMany:
        """`OneOrMany[X]`: one X or a list of them in the file, always a tuple of X here.

        The tags in angle brackets are left out of the keys that faults name.
        """

        def __class_getitem__(cls, item: Any) -> Any:
            return Annotated[
                Annotated[item, Tag("<one>")] | Annotated[tuple[item, ...], Tag("<many>")],
                Discriminator(is_list),
                AfterValidator(lambda v: v if isinstance(v, tuple) else (v,)),
            ]
