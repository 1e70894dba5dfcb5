"""How calls of a source prove themselves: which way, where the proof stands, who has the secret."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.config.schema.auth import AuthTree, Scheme
from app.config.schema.secret import SecretRef
from app.config.schema.source import Source as SourceConfig
from app.sources.auth.presets import fill_preset_auth
from app.sources.presets import Preset

_WITH_KEY = ("hmac", "digest", "public_key", "certificate", "jwt")
_SECRETS = ("key", "secret", "value")


@dataclass(frozen=True, slots=True)
class Proof:
    """`way` is the key of the configuration. `place` is a header, parameter or field with its
    name, as `header X-Sign`; None: the way has its own. `held_by` names variables and files."""

    way: str
    place: str | None = None
    held_by: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Proofs:
    """With `each` all of them must hold, else one suffices. None at all: anybody may call."""

    of: tuple[Proof, ...]
    each: bool = False


def whole_auth(config: SourceConfig, preset: Preset | None) -> AuthTree | None:
    """The way of proof, with the preset's filled in. Raises PresetRefused."""
    own = config.auth
    if preset is None or preset.auth is None or (own is not None and own.way != "secret"):
        return own
    return fill_preset_auth(preset.auth, own)


def proofs(auth: AuthTree | None) -> Proofs:
    if auth is None or auth.none:
        return Proofs(())
    return Proofs(tuple(_proofs(auth)), each=auth.all is not None)


def _proofs(scheme: Scheme) -> Iterator[Proof]:
    inner = getattr(scheme, "any", None) or getattr(scheme, "all", None)
    if inner:
        for one in inner:
            yield from _proofs(one)
        return
    yield _proof(scheme, scheme.way)


def _proof(scheme: Scheme, way: str) -> Proof:
    match way:
        case "bearer":
            return Proof(way, "header Authorization", _held(scheme.bearer), "Bearer ")
        case "path_secret":
            return Proof(way, None, _held(scheme.path_secret))
        case "basic" if scheme.basic:
            return Proof(way, "header Authorization", _held(scheme.basic[0].password), "Basic ")
        case "query_secret" if scheme.query_secret:
            given = scheme.query_secret
            return Proof(way, f"query {given.name}", _held(given.value))
        case "api_key" if scheme.api_key:
            key = scheme.api_key
            return Proof(way, _place(key), _held(key.value), key.prefix)
        case "standard_webhooks" if scheme.standard_webhooks:
            prefix = scheme.standard_webhooks.prefix[0]
            held = _held(scheme.standard_webhooks.secret)
            return Proof(way, f"header {prefix}signature", held)
        case _:
            return _signed(getattr(scheme, way), way)


def _signed(given: object, way: str) -> Proof:
    place = _place(getattr(given, "signature", None) or given)
    held = next((getattr(given, name) for name in _SECRETS if getattr(given, name, None)), None)
    return Proof(way, place, _held(held) if way in _WITH_KEY else ())


def _place(given: object) -> str | None:
    for name in ("header", "query", "field"):
        if isinstance(text := getattr(given, name, None), str):
            return f"{name} {text}"
    return None


def _held(refs: object) -> tuple[str, ...]:
    if not isinstance(refs, tuple):
        return ()
    return tuple(ref.env or ref.file or "" for ref in refs if isinstance(ref, SecretRef))


def template_ways(preset: Preset) -> tuple[str, ...]:
    """The ways of proof of a known system, by the keys of the configuration."""
    return tuple(dict.fromkeys(_template_ways(preset.auth)))


def _template_ways(template: object) -> Iterator[str]:
    if not isinstance(template, Mapping):
        return
    for name, inner in template.items():
        if name in ("any", "all"):
            for one in inner:
                yield from _template_ways(one)
        else:
            yield str(name)
