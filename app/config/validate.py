"""From a document to the checked file: every fault of its shape at once."""

import re
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError
from pydantic.fields import FieldInfo

from app.config.document import Document, KeyPath, key_text
from app.config.faults import ConfigRefused, Fault
from app.config.schema.file import BridgeFile
from app.config.schema.secret import SecretRef
from app.kit.nearest import did_you_mean

# How pydantic marks which way of a union it took, and that a mapping's key is meant.
_NOT_IN_FILE = re.compile(r"<[a-z]+>\Z|\[key\]\Z")
_PLAIN = {
    "extra_forbidden": "unknown key",
    "missing": "is required and missing",
    "string_type": "expected a text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": "expected a list",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping",
    "too_short": "expected at least one",
}


def validate(document: Document) -> BridgeFile:
    """Raises ConfigRefused with every fault, each with its line, key, reason and hint."""
    if not isinstance(document.root, dict):
        reason = "expected a mapping with version, destinations, sources and rules"
        raise ConfigRefused(document.file, [Fault("file", reason, line=1)])
    try:
        return BridgeFile.model_validate(document.root)
    except ValidationError as error:
        raise ConfigRefused(document.file, shape_faults(error, BridgeFile, document)) from None


def shape_faults(error: ValidationError, model: type[BaseModel], document: Document) -> list[Fault]:
    """The faults of a pydantic error, in the terms of the file."""
    found = []
    for one in error.errors(include_url=False):
        path = _in_file(one["loc"])
        found.append(
            Fault(
                key_text(path),
                _reason(one["type"], one["msg"]),
                line=document.line(path),
                hint=_hint(one["type"], one["input"], model, path),
            )
        )
    return found


def _in_file(loc: tuple[int | str, ...]) -> KeyPath:
    """Without the tags of unions and the marks of mapping keys, which are not in the file."""
    return tuple(part for part in loc if not (isinstance(part, str) and _NOT_IN_FILE.match(part)))


def _reason(kind: str, text: str) -> str:
    plain = _PLAIN.get(kind) or text.removeprefix("Value error, ")
    return plain[:1].lower() + plain[1:] if plain[1:2].islower() else plain


def _hint(kind: str, given: object, model: type[BaseModel], path: KeyPath) -> str | None:
    if kind == "extra_forbidden":
        return _nearest_key(model, path)
    if kind == "string_type" and isinstance(given, int | float):
        return "put it in quotes"
    if kind == "model_type" and SecretRef in _models_at(model, path):
        return "a secret is never in the file: {env: NAME} or {file: PATH}"
    return None


def _nearest_key(model: type[BaseModel], path: KeyPath) -> str | None:
    known = [name for holder in _models_at(model, path[:-1]) for name in _keys(holder)]
    if not known:
        return None
    return did_you_mean(str(path[-1]), known) or f"known here: {', '.join(known)}"


def _models_at(model: type[BaseModel], path: KeyPath) -> list[type[BaseModel]]:
    """What may stand at `path`: several where the file leaves a choice."""
    found = _flatten(model)
    for part in path:
        found = [inner for one in found for inner in _step(one, part)]
    return [one for one in found if _is_model(one)]


def _step(annotation: Any, part: str | int) -> list[Any]:
    origin, args = get_origin(annotation), get_args(annotation)
    if _is_model(annotation):
        return _flatten(_keys(annotation)[part].annotation) if part in _keys(annotation) else []
    if origin is dict and isinstance(part, str):
        return _flatten(args[1])
    if origin in (tuple, list) and isinstance(part, int):
        return _flatten(args[0])
    return []


def _keys(model: type[BaseModel]) -> dict[Any, FieldInfo]:
    """The fields by the names they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _flatten(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _flatten(get_args(annotation)[0])
    if _is_model(annotation) and issubclass(annotation, RootModel):
        return _flatten(annotation.model_fields["root"].annotation)
    if get_origin(annotation) in (Union, UnionType):
        return [inner for option in get_args(annotation) for inner in _flatten(option)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
