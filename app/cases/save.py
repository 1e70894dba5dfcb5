"""Makes a case of a stored call: the people in it replaced, and what it starts today expected."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ruamel.yaml import YAML

from app.cases.bodies import CannotSave, StoredBody, stored_body, written_body, written_query
from app.cases.calls import FORM_TYPE, JSON_TYPE
from app.cases.expected import expected_of
from app.cases.people import Choice, People, as_whole
from app.cases.read import CasesRefused, PlacedCase, case_of_text
from app.cases.run import run_case, trials
from app.cases.secrets import secrets_of
from app.cases.stand_ins import StandIns
from app.config.faults import ConfigRefused
from app.config.schema.decode import BodyForm
from app.dry_run import Trial, try_call
from app.kit.nearest import did_you_mean
from app.model.event import Event
from app.model.json import Json
from app.revision import Revision
from app.sources.call import Call
from app.sources.decode import Undecodable
from app.sources.receive import Refused
from app.sources.source import Source
from app.sources.stored import call_of_event

__all__ = ["CannotSave", "SaveOptions", "SavedCase", "case_of_event"]

_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"|' + r"'((?:[^'\\]|\\.)*)'")
# Of the way here, not of what the caller says.
_OF_THE_WAY = re.compile(
    "content-(type|length|encoding)|host|connection|accept.*|user-agent|transfer-encoding|te|via|"
    "forwarded|x-forwarded-.*|x-real-ip|cf-.*|cdn-.*|traceparent|tracestate|x-request-id|cookie|"
    "authorization|proxy-.*|keep-alive|upgrade|expect|date|true-client-ip|x-client-ip"
)
_SHORTEST_CHECKED = 6


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """`keep` and `replace` are names of fields. `as_it_is`: only secrets are taken out."""

    name: str | None = None
    keep: frozenset[str] = frozenset()
    replace: frozenset[str] = frozenset()
    as_it_is: bool = False


@dataclass(frozen=True, slots=True)
class SavedCase:
    """`text` is YAML; `notes` say what to look at."""

    text: str = field(repr=False)
    notes: Sequence[str]


def case_of_event(revision: Revision, event: Event, options: SaveOptions) -> SavedCase:
    """A case that passes with `revision`. Raises CannotSave."""
    source = _source(revision, event)
    call = call_of_event(event)
    body = stored_body(source, call)
    if body.form is None and not options.as_it_is:
        raise CannotSave(
            f"the body can't be decoded ({body.why}): a person in it could not be found and "
            "replaced; --as-it-is writes it as it is"
        )
    people = _people(revision, source, call, body, options)
    shape = _shape(event, _headers_of(revision, source, call), call, body, people, options)
    draft = _read(_yaml({**shape, "expect": {"starts": []}}))
    expect = expected_of(revision, trials(draft, revision))
    text = _yaml({**shape, "expect": expect})
    _check(revision, text, people, options)
    return SavedCase(text, tuple(_notes(revision, source, call, body, draft, options)))


def _source(revision: Revision, event: Event) -> Source:
    source = revision.sources.get(event.source)
    if source is None:
        hint = did_you_mean(event.source, revision.sources) or "name another file with --config"
        raise CannotSave(f'the configuration has no source "{event.source}" any more; {hint}')
    return source


def _people(
    revision: Revision, source: Source, call: Call, body: StoredBody, options: SaveOptions
) -> People:
    raw = body.raw.decode(errors="replace")
    stand_ins = StandIns(source.region, raw + call.raw_query + call.path)
    choice = Choice(
        keep=frozenset(key.lower() for key in options.keep),
        replace=frozenset(key.lower() for key in options.replace),
        literals=frozenset(_literals(revision, source)),
        is_all_kept=options.as_it_is,
    )
    return People(stand_ins, choice, frozenset(secrets_of(source, call)))


def _literals(revision: Revision, source: Source) -> Iterator[str]:
    """The texts that the rules of the source compare with."""
    for rule in revision.rules.of[source.name].rules:
        yield from rule.scenario.of or ()
        for expression in rule.expressions():
            yield from (a or b for a, b in _TEXT.findall(expression.text))


def _shape(
    event: Event,
    headers: Mapping[str, str],
    call: Call,
    body: StoredBody,
    people: People,
    options: SaveOptions,
) -> dict[str, Json]:
    """The case without what it expects. Written twice: a phone that is found late is one where it
    stood before, too."""
    try:
        for _ in range(2):
            written = written_body(body, call, people)
            query = written_query(event.query, people)
            shown = {name: people.text(text, name) for name, text in headers.items()}
    except (Undecodable, ValueError, RecursionError) as error:
        raise CannotSave(f"the body can't be written as a text: {type(error).__name__}") from None
    kind = (
        "" if written == "" or event.content_type == _natural_type(written) else event.content_type
    )
    shape: dict[str, Json] = {
        "name": options.name or f"call {event.id}",
        "source": event.source,
        "method": "" if event.method == "POST" else event.method,
        "path": people.loose(event.path),
        "query": query,
        "headers": shown,
        "content_type": kind,
        "received": event.received_at.isoformat(),
        "body": written,
    }
    return {name: value for name, value in shape.items() if value not in ("", {})}


def _natural_type(written: Json) -> str | None:
    """What a case says by the form of its body."""
    if not isinstance(written, Mapping):
        return None
    return JSON_TYPE if "json" in written else FORM_TYPE


def _headers_of(revision: Revision, source: Source, call: Call) -> Mapping[str, str]:
    """Those that may matter: all that are the caller's own where an expression reads headers."""
    reads = {name for rule in revision.rules.of[source.name].rules for name in rule.reads().names}
    if source.dedup is not None:
        reads |= source.dedup.reads
    if source.each is not None:
        reads |= source.each.expression.reads.names
    is_read = "headers" in reads
    return {
        name: text
        for name, text in call.headers.items()
        if text and not _OF_THE_WAY.fullmatch(name) and (is_read or name.startswith("ce-"))
    }


def _read(text: str) -> PlacedCase:
    try:
        return case_of_text(text)
    except ConfigRefused as refused:
        # Too large or too deep for a file that people write; the faults hold no values.
        raise CannotSave(f"the call can't be written as a case: {refused.faults[0]}") from None


def _yaml(shape: Mapping[str, Json]) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # stated as None
    yaml.width = 4096
    out = io.StringIO()
    try:
        yaml.dump(shape, out)
    except RecursionError:
        raise CannotSave("the body is nested too deeply for a case") from None
    return out.getvalue()


def _check(revision: Revision, text: str, people: People, options: SaveOptions) -> None:
    """Raises CannotSave: what is written must pass, and hold nobody who was replaced elsewhere."""
    placed = _read(text)
    try:
        result = run_case(placed, revision)
    except CasesRefused:
        raise CannotSave("the call can't be written as a case that can be run") from None
    if not result.passed:
        where = ", ".join(one.where for one in result.differences)
        raise CannotSave(f"the case as written differs from the call at {where}")
    written = text + json.dumps(placed.case.model_dump(mode="json"), ensure_ascii=False)
    if any(secret in written for secret in people.secrets if len(secret) >= _SHORTEST_CHECKED):
        raise CannotSave("a secret of the source stands in a place where it can't be taken out")
    left = [one for one in people.stand_ins.originals if as_whole(one).search(written)]
    if any(len(one) >= _SHORTEST_CHECKED for one in left) and not options.keep:
        raise CannotSave(
            "an e-mail or phone that was replaced in one place still stands in another; name the "
            "field with --replace"
        )


def _notes(
    revision: Revision,
    source: Source,
    call: Call,
    body: StoredBody,
    draft: PlacedCase,
    options: SaveOptions,
) -> Iterator[str]:
    if options.as_it_is:
        yield "nothing but secrets was taken out: the case holds the people of the call"
    elif body.form is BodyForm.TEXT:
        yield "of a text only e-mails and phones are replaced: read it before you share it"
    before, after = try_call(revision, source, call), trials(draft, revision)
    if _gist(before) != _gist(after):
        yield (
            "the call as it came in does otherwise than the case: a rule reads what was replaced; "
            "name that field with --keep"
        )


def _gist(found: Sequence[Trial] | Refused) -> object:
    """What a case does, without whom it does it to."""
    if isinstance(found, Refused):
        return found.slug
    return [
        (
            trial.reason,
            [(s.rule, s.scenario, [m.matching for m in s.matches]) for s in trial.decision.starts],
        )
        for trial in found
    ]
