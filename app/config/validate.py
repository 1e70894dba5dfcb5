"""From a document to the checked file: every fault of its shape at once."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from app.config.document import Document, KeyPath, key_text
from app.config.faults import ConfigRefused, Fault
from app.config.schema.file import BridgeFile
from app.kit.nearest import did_you_mean


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
    for one in error.errors(include_input=False, include_url=False):
        path = _in_file(one["loc"])
        found.append(
            Fault(
                key_text(path),
                _reason(one["type"], one["msg"]),
                line=document.line(path),
                hint=_hint(model, path) if one["type"] == "extra_forbidden" else None,
            )
        )
    return found


def _in_file(loc: tuple[int | str, ...]) -> KeyPath:
    """Without the tags of unions and the marks of mapping keys, which are not in the file."""
    return tuple(p for p in loc if not (isinstance(p, str) and p.startswith(("<", "["))))


def _reason(kind: str, text: str) -> str:
    plain = {
        "extra_forbidden": "unknown key",
        "missing": "is required and missing",
    }
    text = plain.get(kind, text.removeprefix("Value error, "))
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _hint(model: type[BaseModel], path: KeyPath) -> str | None:
    holder = _model_at(model, path[:-1])
    if holder is None:
        return None
    known = list(holder.model_fields)
    return did_you_mean(str(path[-1]), known) or f"known here: {', '.join(known)}"


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    current: Any = model
    for part in path:
        current = _step(current, part)
    return next((m for m in _flatten(current) if _is_model(m)), None)


def _step(annotation: Any, part: str | int) -> Any:
    for option in _flatten(annotation):
        origin, args = get_origin(option), get_args(option)
        if _is_model(option) and part in option.model_fields:
            return _annotated(option.model_fields[str(part)])
        if origin is dict and isinstance(part, str):
            return args[1]
        if origin in (tuple, list) and isinstance(part, int):
            return args[0]
    return None


def _annotated(field: Any) -> Any:
    return field.annotation


def _flatten(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _flatten(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [inner for option in get_args(annotation) for inner in _flatten(option)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
