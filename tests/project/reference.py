"""The tables of the pages, made of what the program itself says.

`python -m tests.project.reference` writes them anew into the pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeAlias

from pydantic import BaseModel

from app.altcraft import batches, replies, requests
from app.concerns import advice
from app.config.schema.auth import ApiKey, AuthTree, Basic, Group, Ip, QuerySecret, Scheme
from app.config.schema.base import Part
from app.config.schema.decode import Decode
from app.config.schema.destination import Destination, OutcomeRule, Retry
from app.config.schema.file import BridgeFile, DeliverySettings, Retention
from app.config.schema.handling import BurstOf, QuietHours
from app.config.schema.jwt import BodyClaim, Jwt
from app.config.schema.match import MatchItem
from app.config.schema.notice import Notice
from app.config.schema.place import BodyHash, Extract, Place, Timestamp, UrlForm
from app.config.schema.reply import Answer, Handshake, OfEvent, Reply, Signed, Verify
from app.config.schema.rule import Rule, ScenarioTable, SubscriptionFilter
from app.config.schema.secret import SecretRef
from app.config.schema.signature import (
    Certificate,
    CertificateByUrl,
    Digest,
    Hmac,
    PublicKey,
    StandardWebhooks,
)
from app.config.schema.signature import Signed as Signature
from app.config.schema.source import Dedup, Source
from app.config.schema.template import PLAIN, WITH_ARGUMENT, WITH_SECRET
from app.config.settings import Settings
from app.delivery import gate, verdict
from app.model.json import Json
from app.observe.metrics import METRICS, OF_THE_PROCESS, OF_THE_SERVICE, OF_THE_STORE, Metric
from app.sources.presets import presets
from app.web.problems import PROBLEMS
from tests.support.whole import ROOT

Schema: TypeAlias = Mapping[str, Any]

PAGES = tuple(
    ROOT / "docs" / f"{name}.md"
    for name in ("configuration", "sources", "delivery", "operating", "metrics")
)
TITLES: Mapping[type[BaseModel], str] = {
    BridgeFile: "The file",
    Destination: "Destination",
    Retry: "Retry",
    OutcomeRule: "Outcome",
    DeliverySettings: "Delivery",
    Retention: "Retention",
    Notice: "Notice",
    Rule: "Rule",
    MatchItem: "Match",
    ScenarioTable: "Scenario table",
    SubscriptionFilter: "Subscription filter",
    QuietHours: "Quiet hours",
    BurstOf: "Burst",
    Source: "Source",
    Dedup: "Deduplication",
    Decode: "Decode",
    Handshake: "Handshake",
    Verify: "Verify",
    Answer: "Answer",
    Reply: "Reply",
    Signed: "Signed value",
    OfEvent: "Value of the event",
    AuthTree: "Authentication",
    Group: "Group",
    Scheme: "Scheme",
    SecretRef: "Secret",
    Basic: "Basic",
    Place: "Place",
    ApiKey: "API key",
    QuerySecret: "Query secret",
    Ip: "Address",
    Signature: "Signature",
    Hmac: "HMAC",
    Digest: "Digest",
    StandardWebhooks: "Standard Webhooks",
    PublicKey: "Public key",
    Certificate: "Certificate",
    CertificateByUrl: "Certificate by URL",
    Jwt: "JSON Web Token",
    BodyClaim: "Body claim",
    Timestamp: "Timestamp",
    Extract: "Extract",
    BodyHash: "Body hash",
    UrlForm: "URL form",
}
_FORMS = {"duration": "(ms|s|m|h|d)", "size": "KiB", "pace": r"\s*/\s*"}
_PLAIN = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true, false"}


def sections() -> Mapping[str, str]:
    """What stands between the marks of the pages, by the name of the mark."""
    return {
        "environment": _environment(),
        "keys": "\n\n".join(_section(model) for model in TITLES),
        "placeholders": _placeholders(),
        "problems": _problems(),
        "presets": _presets(),
        "answers": _table_of(replies),
        "verdicts": _table_of(verdict),
        "methods": _table_of(requests),
        "members": _table_of(batches),
        "stops": _table_of(gate),
        "advice": _table_of(advice),
        "counted": _metrics(OF_THE_SERVICE),
        "steps": _steps(),
        "stored": _metrics(OF_THE_STORE),
        "own": _metrics(OF_THE_PROCESS),
    }


def _environment() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default in (None, ()) else f"`{default}`"
        rows.append((f"`BRIDGE_{name.upper()}`", shown, str(field.description)))
    return _table(("name", "default", "meaning"), rows)


def _placeholders() -> str:
    rows = [(f"`{{{name}}}`", text) for name, text in PLAIN.items()]
    rows += [(f"`{{{name}:NAME}}`", text) for name, text in WITH_ARGUMENT.items()]
    rows += [(f"`{{{name}}}`", f"{text}; in a `digest` only") for name, text in WITH_SECRET.items()]
    return _table(("placeholder", "is"), rows)


def _problems() -> str:
    rows = [(str(kind.status), f"`{slug}`", kind.title) for slug, kind in PROBLEMS.items()]
    return _table(("status", "type", "meaning"), rows)


def _metrics(metrics: Sequence[Metric]) -> str:
    rows = [
        (
            f"`{one.name}`",
            one.kind.value,
            one.unit,
            ", ".join(f"`{label}`" for label in one.labels),
            one.meaning,
        )
        for one in metrics
    ]
    return _table(("metric", "kind", "unit", "labels", "meaning"), rows)


def _steps() -> str:
    rows = [
        (f"`{one.name}`", ", ".join(f"{bound:g}" for bound in one.bounds))
        for one in METRICS
        if one.bounds
    ]
    return _table(("histogram", "upper ends of its steps (`le`)"), rows)


def _presets() -> str:
    rows = [
        (
            f"`{name}`",
            preset.title,
            ", ".join(f"`{scheme}`" for scheme in _schemes(preset.auth)) or "none",
            "vectors" if preset.facts.verified else "read",
        )
        for name, preset in presets().items()
    ]
    return _table(("preset", "system", "proof", "checked against"), rows)


def _schemes(auth: Json) -> list[str]:
    """The names of the schemes in the authentication of a preset, each once."""
    match auth:
        case list():
            found = [name for each in auth for name in _schemes(each)]
        case dict() if {"any", "all"} & auth.keys():
            found = [name for each in auth.values() for name in _schemes(each)]
        case dict():
            found = list(auth)
        case _:
            found = []
    return list(dict.fromkeys(found))


def _table_of(module: ModuleType) -> str:
    """The table in a module's docstring."""
    lines = (module.__doc__ or "").splitlines()
    return "\n".join(" ".join(line.split()) for line in lines if line.startswith("|"))


def _section(model: type[BaseModel]) -> str:
    base = next((b for b in model.__mro__[1:] if b in TITLES and issubclass(b, Part)), None)
    known = _rows(base) if base else []
    rows = [row for row in _rows(model) if row not in known]
    parts = [f"### {TITLES[model]}", " ".join((model.__doc__ or "").split())]
    if base is not None:
        parts.append(f"All keys of {_link(base)}" + (", and:" if rows else "."))
    if rows:
        parts.append(_table(("key", "form", "default", "meaning"), rows))
    return "\n\n".join(part for part in parts if part)


def _rows(model: type[BaseModel]) -> list[tuple[str, ...]]:
    schema = model.model_json_schema()
    # The schema of a model that stands within itself is only a reference to its definition.
    own = schema if "properties" in schema else schema["$defs"][model.__name__]
    required = own.get("required", ())
    return [
        (
            f"`{key}`",
            _form(field, schema.get("$defs", {})),
            "required" if key in required else _default(field),
            field["description"],
        )
        for key, field in own["properties"].items()
    ]


def _default(field: Schema) -> str:
    match field.get("default"):
        case None | "" | []:
            return ""
        case bool(flag):
            return f"`{str(flag).lower()}`"
        case list(items):
            return ", ".join(f"`{item}`" for item in items)
        case default:
            return f"`{default}`"


def _form(field: Schema, defs: Schema) -> str:
    """How a value is written."""
    found = list(dict.fromkeys(_forms(field, defs)))
    if len(found) == 2 and found[1] == f"list of {found[0]}":
        return f"{found[0]}, or a list of these"
    return " or ".join(found)


def _forms(field: Schema, defs: Schema) -> Iterator[str]:
    if "$ref" in field:
        yield from _referred(field["$ref"].rsplit("/", 1)[1], defs)
    elif options := field.get("anyOf") or field.get("oneOf"):
        for option in options:
            yield from _forms(option, defs)
    elif "const" in field:
        yield f"`{str(field['const']).lower()}`"
    elif "enum" in field:
        yield ", ".join(f"`{name}`" for name in field["enum"])
    else:
        yield from _by_type(field, defs)


def _referred(name: str, defs: Schema) -> Iterator[str]:
    for model in TITLES:
        if model.__name__ == name:
            yield _link(model)
            return
    yield from _forms(defs[name], defs)


def _by_type(field: Schema, defs: Schema) -> Iterator[str]:
    kind = field.get("type", "any")
    match kind:
        case "null":
            return
        case list():
            yield "expression"
        case "array":
            yield f"list of {_form(field['items'], defs)}"
        case "object":
            named = {"": field.get("additionalProperties"), **field.get("patternProperties", {})}
            inner: Schema = next(one for one in named.values() if one)
            yield f"mapping of {_form(inner, defs)}"
        case "string":
            pattern = field.get("pattern", "")
            yield next((name for name, mark in _FORMS.items() if mark in pattern), "text")
        case _:
            yield _PLAIN[kind]


def _link(model: type[BaseModel]) -> str:
    title = TITLES[model]
    return f"[{title}](#{title.lower().replace(' ', '-')})"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_escaped(cell) for cell in line)} |" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", r"\|")


def page_with_sections(text: str) -> str:
    """`text` with what stands between its marks made anew. Raises ValueError for half a mark."""
    for name, section in sections().items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if begin not in text and end not in text:
            continue
        start, stop = text.index(begin) + len(begin), text.index(end)
        text = f"{text[:start]}\n{section}\n\n{text[stop:]}"
    return text


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(page_with_sections(page.read_text(encoding="utf-8")), encoding="utf-8")
