"""The page for people: what came in last, and how the stand-in is set."""

from collections.abc import Iterable
from html import escape

import orjson

from app.sandbox.faults import Faults
from app.sandbox.journal import Entry, Journal
from app.sandbox.people import Profile, World

CONTENT_POLICY = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'")

_ENTRIES_SHOWN = 200
_PROFILES_SHOWN = 100
_STYLE = (
    "body{font:14px system-ui,sans-serif;margin:2em}"
    "table{border-collapse:collapse}"
    "td,th{padding:.2em .6em;text-align:left;vertical-align:top;border-bottom:1px solid #ccc;"
    "font-family:ui-monospace,monospace}"
    "td{overflow-wrap:anywhere}"
)


def page(world: World, journal: Journal, faults: Faults) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Altcraft sandbox</title><style>{_STYLE}</style></head><body>"
        "<h1>Altcraft sandbox</h1>"
        f"<p>{journal.requests_count} requests, {journal.starts_count} scenario starts.</p>"
        f"{_requests(journal)}{_faults(faults)}{_scenarios(world)}{_triggers(world)}{_profiles(world)}"
        "</body></html>"
    ).encode(errors="replace")


def _requests(journal: Journal) -> str:
    last = journal.after(journal.last_number - _ENTRIES_SHOWN, _ENTRIES_SHOWN)
    names = ("no", "at (UTC)", "method", "request", "fault", "HTTP", "error", "started")
    return _table("Requests, the newest first", names, map(_request, reversed(last)))


def _request(entry: Entry) -> list[object]:
    answered = "cut" if entry.status is None else entry.status
    error = "" if entry.error is None else f"{entry.error} {entry.error_text or ''}"
    started = f"{entry.target} started for {entry.profile_id}" if entry.started else ""
    return [
        entry.number,
        entry.at[11:23],
        entry.method,
        orjson.dumps(entry.body).decode(),
        entry.fault or "",
        answered,
        error,
        started,
    ]


def _faults(faults: Faults) -> str:
    rows = [[fault.model_dump_json(exclude_defaults=True)] for fault in faults.in_force]
    return _table("Faults in force", ("fault",), rows)


def _scenarios(world: World) -> str:
    rows = [
        [scenario.id, scenario.name, "active" if scenario.is_active else "not active"]
        for _, scenario in sorted(world.scenarios.items())
    ]
    return _table("Scenarios", ("id", "name", "state"), rows)


def _triggers(world: World) -> str:
    rows = [
        [t.id, t.name, "active" if t.is_active else "not active", "yes" if t.by_api else "no"]
        for _, t in sorted(world.triggers.items())
    ]
    return _table("Trigger mailings", ("id", "name", "state", "by API"), rows)


def _profiles(world: World) -> str:
    known = list(world.profiles.values())
    title = "Profiles" + (" (every other identity is known too)" if world.knows_everybody else "")
    rows = map(_profile, known[:_PROFILES_SHOWN])
    return _table(title, ("profile_id", "email", "phones", "fields"), rows)


def _profile(profile: Profile) -> list[object]:
    fields = ", ".join(f"{name}={value}" for name, value in profile.fields.items())
    return [profile.profile_id, profile.email or "", ", ".join(profile.phones), fields]


def _table(title: str, names: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = [f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows]
    if not lines:
        return f"<h2>{escape(title)}</h2><p>None.</p>"
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{''.join(lines)}</table>"
