"""The way of proof of a known system, with what the user gives put into it.

A preset's `auth` is written as in a source, as plain data, but for its gaps: `{secret: preset}`
stands where the user's `secret` goes, `{secret: NAME}` for the reference `inputs.NAME`,
`{input: NAME}` for the text `inputs.NAME` (`{input: NAME, default: TEXT}` when it may be left out).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.config.schema.auth import Auth, AuthTree, Scheme
from app.config.schema.secret import SecretRef

_AUTH: TypeAdapter[AuthTree] = TypeAdapter(Auth)
_OWN = "preset"


class PresetRefused(ValueError):
    """What the user gives does not fit the preset. `path` is below the user's own scheme."""

    def __init__(self, reason: str, *path: str) -> None:
        self.reason = reason
        self.path = path
        super().__init__(reason)


def fill_preset_auth(template: object, given: Scheme | None) -> AuthTree:
    """The preset's way, complete. Raises PresetRefused with what is missing or too much."""
    _check_inputs(template, given)
    try:
        return _AUTH.validate_python(_filled(template, given))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise PresetRefused(f"does not fit the preset: {first['msg']}") from None


def needs_secret(template: object) -> bool:
    """True when the user must name a secret."""
    return (_OWN, True) in _gaps(template)


def inputs_of(template: object) -> tuple[str, ...]:
    """What else the user must give."""
    return tuple(sorted({name for name, is_needed in _gaps(template) if is_needed} - {_OWN}))


def _check_inputs(template: object, given: Scheme | None) -> None:
    gaps = list(_gaps(template))
    names = sorted({name for name, _ in gaps} - {_OWN})
    known = given.inputs if given else {}
    for name in known:
        if name not in names:
            takes = f"it takes {', '.join(names)}" if names else "it takes none"
            raise PresetRefused(f"the preset has no such input; {takes}", "inputs", name)
    if given is not None and given.secret is not None and (_OWN, True) not in gaps:
        raise PresetRefused("the preset needs no secret: choose a way of your own", "secret")
    for name, is_needed in gaps:
        if name == _OWN and (given is None or given.secret is None):
            raise PresetRefused("is required: the preset needs `secret: {env: NAME}`")
        if name != _OWN and is_needed and name not in known:
            raise PresetRefused(f"is required: the preset needs `inputs: {{{name}: ...}}`")


def _gaps(template: object) -> Iterator[tuple[str, bool]]:
    """Names of what is to be filled in, and whether it must be given."""
    if isinstance(template, Mapping):
        name, is_needed = _gap(template)
        if name is not None:
            yield name, is_needed
        else:
            for inner in template.values():
                yield from _gaps(inner)
    elif isinstance(template, list | tuple):
        for inner in template:
            yield from _gaps(inner)


def _gap(template: Mapping[str, object]) -> tuple[str | None, bool]:
    keys = set(template)
    if keys == {"secret"} and isinstance(template["secret"], str):
        return template["secret"], True
    if "input" in keys <= {"input", "default"}:
        return str(template["input"]), "default" not in keys
    return None, False


def _filled(template: object, given: Scheme | None) -> Any:
    if isinstance(template, Mapping):
        name, _ = _gap(template)
        if name is None:
            return {key: _filled(inner, given) for key, inner in template.items()}
        if "secret" in template:
            return _reference(name, given)
        return _text(name, template.get("default"), given)
    if isinstance(template, list | tuple):
        return [_filled(inner, given) for inner in template]
    return template


def _reference(name: str, given: Scheme | None) -> Any:
    if given is None:
        return None
    if name == _OWN:
        return [ref.model_dump(exclude_none=True) for ref in given.secret or ()]
    found = given.inputs[name]
    if not isinstance(found, SecretRef):
        raise PresetRefused("expected {env: NAME} or {file: PATH}", "inputs", name)
    return found.model_dump(exclude_none=True)


def _text(name: str, default: object, given: Scheme | None) -> object:
    found = given.inputs.get(name, default) if given else default
    if isinstance(found, SecretRef):
        raise PresetRefused("expected a text", "inputs", name)
    return found
