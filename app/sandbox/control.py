"""`/_sandbox/...`: the stand-in's own switches, which Altcraft does not have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TypeAlias
from urllib.parse import parse_qs

import orjson
from pydantic import TypeAdapter, ValidationError

from app.sandbox.faults import Fault, Faults
from app.sandbox.journal import Entry, Journal

_FAULTS = TypeAdapter(list[Fault])
_MAX_LISTED = 10_000

Reply: TypeAlias = tuple[int, bytes]
"""HTTP status and JSON."""

_METHODS = {
    "/_sandbox/health": ("GET",),
    "/_sandbox/faults": ("GET", "PUT", "DELETE"),
    "/_sandbox/journal": ("GET", "DELETE"),
    "/_sandbox/starts": ("GET",),
}


def control(
    path: str, method: str, query: bytes, body: bytes, journal: Journal, faults: Faults
) -> Reply:
    """`faults` are put as a list of faults, all of them at once."""
    if path not in _METHODS:
        return _json(404, {"detail": f"known here: {', '.join(_METHODS)}"})
    if method not in _METHODS[path]:
        return _json(405, {"detail": f"use {', '.join(_METHODS[path])}"})
    match path.rpartition("/")[2]:
        case "faults":
            return _faults(method, body, faults)
        case "journal":
            return _journal(method, query, journal)
        case "starts":
            return _starts(query, journal)
        case _:
            return _json(200, {"status": "alive"})


def _faults(method: str, body: bytes, faults: Faults) -> Reply:
    if method == "DELETE":
        faults.put([])
    elif method == "PUT":
        try:
            faults.put(_FAULTS.validate_json(body))
        except ValidationError as error:
            wrong = [
                f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}"
                for e in error.errors(include_input=False, include_url=False)
            ]
            return _json(422, {"detail": "expected a list of faults", "wrong": wrong})
    shown = [fault.model_dump(mode="json", exclude_defaults=True) for fault in faults.in_force]
    return _json(200, shown)


def _journal(method: str, query: bytes, journal: Journal) -> Reply:
    if method == "DELETE":
        journal.clear()
    entries = journal.after(*_page(query))
    return _json(200, [asdict(entry) for entry in entries])


def _starts(query: bytes, journal: Journal) -> Reply:
    after, limit = _page(query)
    starts = journal.starts
    shape = {
        "total": journal.starts_count,
        "by_scenario": _counted(starts),
        "starts": [_summary(e) for e in starts if e.number > after][:limit],
    }
    return _json(200, shape)


def _counted(starts: Sequence[Entry]) -> dict[str, int]:
    return {str(scenario): n for scenario, n in Counter(e.scenario for e in starts).items()}


def _summary(entry: Entry) -> dict[str, object]:
    names = ("number", "at", "target", "scenario", "person", "profile_id", "request_id", "fault")
    return {name: getattr(entry, name) for name in names}


def _page(query: bytes) -> tuple[int, int]:
    """`after` and `limit` as asked, or what stands for them."""
    given = parse_qs(query.decode("latin-1"))
    after, limit = (given.get(name, [""])[-1] for name in ("after", "limit"))
    return _whole(after, 0), min(_whole(limit, 1000), _MAX_LISTED)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else otherwise


def _json(status: int, shape: object) -> Reply:
    return status, orjson.dumps(shape)
