"""A busy month as a store holds it: ten sources, twenty rules, two destinations of which one is
rare, some calls ignored, dead letters of some thirty causes, one person who comes again and again,
and all that was counted meanwhile. A SQLite file."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from app.kit.clock import SystemClock
from app.outbox import Outbox, PersonName
from app.outbox.tally import minute_of
from bench import servers
from bench.past import NUMBERS_HERE, Expressions, make_past

SOURCES, RULES = 10, 20
DAYS = 30
KNOWN = "4711"
"""The CRM_ID of a person with forty starts in a million."""
MINUTES = 4 * 60
"""Of what was counted, the last that are kept by themselves."""
_MS = 86_400_000
# The same number, well stirred: what is chosen by one part of it says nothing of the other parts.
_STIRRED = "((n * 2654435761) % 4294967296)"
_SOURCE = f"({_STIRRED} / 65536 % {SOURCES})"
_EVENT = f"({_STIRRED} / 4096 % 1000)"
# Each source has a rule for most of its calls and one for a few; of the last these are very few.
_IS_RARE = f"({_EVENT} < CASE {_SOURCE} WHEN {SOURCES - 1} THEN 1 ELSE 150 END)"
_RULE = f"(2 * {_SOURCE} + {_IS_RARE})"
_IS_IGNORED = f"({_STIRRED} / 7 % 20 = 0)"
_IS_DEAD = f"({_STIRRED} / 1024 % 100 = 0)"
_IS_KNOWN = "(n % 25000 = 7)"
_OUTCOME = (
    f"CASE WHEN NOT {_IS_DEAD} THEN 'accepted' WHEN {_RULE} % 2 = 1 THEN 'malformed' "
    f"WHEN {_STIRRED} / 512 % 2 = 0 THEN 'unknown_profile' ELSE 'expired' END"
)
_CALLS = (
    *("accepted", "ignored", "duplicate", "answered", "unauthenticated", "undecodable"),
    *("too_large", "busy", "rate_limited", "stopping"),
)
_ENDS = ("accepted", "malformed", "unknown_profile", "expired", "temporary")


def config(destination: str) -> str:
    """Of the bridge whose past it is."""
    lines = ["version: 1", "destinations:"]
    lines += [
        f'  {name}: {{url: "{destination}", token: {{env: BENCH_TOKEN}}}}'
        for name in ("main", "rare")
    ]
    lines += ["sources:"]
    lines += [f"  source-{n}: {{auth: {{bearer: {{env: BENCH_SECRET}}}}}}" for n in range(SOURCES)]
    lines += ["rules:"]
    lines += [line for n in range(RULES) for line in _rule(n)]
    return "\n".join(lines) + "\n"


def _rule(n: int) -> list[str]:
    what = "deal.lost" if n % 2 else "deal.won"
    return [
        f"  - name: rule-{n}",
        f"    source: source-{n // 2}",
        f'    when: body.event == "{what}" && has(body.crm_id)',
        "    match: [{custom: CRM_ID, value: body.crm_id}]",
        f"    scenario: {100 + n}",
        "    content: {deal: body.deal.id}",
        f"    destination: {'rare' if n == RULES - 1 else 'main'}",
    ]


async def make_busy_store(url: str, events: int) -> None:
    now = SystemClock().now()
    async with Outbox.open(url, clock=SystemClock()) as outbox:
        digest = outbox.person(PersonName("custom", KNOWN, "CRM_ID"))
        await make_past(
            outbox,
            0,
            events,
            otherwise=_values(now, events, digest),
            only=dict.fromkeys(("delivery", "attempt", "person"), f"NOT {_IS_IGNORED}"),
        )
        await outbox._writer.run(lambda c: _count(c, now))
        await outbox._writer.run(lambda c: _act(c, now))
        await outbox._writer.run(lambda c: c.exec_driver_sql("ANALYZE"))
        await outbox.count_problems_again()
        while await outbox.look_through_some(limit=50):
            pass


def _values(now: datetime, events: int, digest: int) -> Expressions:
    first = int((now - timedelta(days=DAYS)).timestamp() * 1000)
    ms = f"({first} + n * {DAYS * _MS} / {events + 1})"
    person = f"CASE WHEN {_IS_KNOWN} THEN '{KNOWN}' ELSE 'c' || n % 400000 END"
    event, delivery = _id(ms, "8000"), _id(ms, "9000")
    body = servers.BODY.replace(":", "\\:")
    return {
        "event": {
            "id": event,
            "source": f"'source-' || {_SOURCE}",
            "received_at": f"{ms} * 1000",
            "headers": '\'{"content-type"\\: "application/json", "user-agent"\\: "crm/2.1"}\'',
            "body": f"CAST(replace('{body}', '12345', {person}) AS blob)",
            "status": f"CASE WHEN {_IS_IGNORED} THEN 'ignored' ELSE 'accepted' END",
            "reason": f"CASE WHEN {_IS_IGNORED} THEN 'rule-1\\: its condition is false' END",
        },
        "delivery": {
            "id": delivery,
            "event_id": event,
            "source": f"'source-' || {_SOURCE}",
            "rule": f"'rule-' || {_RULE}",
            "destination": f"CASE {_RULE} WHEN {RULES - 1} THEN 'rare' ELSE 'main' END",
            "scenario": f"100 + {_RULE}",
            "matches": '\'[{"matching"\\:"custom","value"\\:"\' || ' + person + " || "
            '\'","field"\\:"CRM_ID"}]\'',
            "content": "'{\"deal\"\\: 4711}'",
            "state": f"CASE WHEN {_IS_DEAD} THEN 'dead' ELSE 'done' END",
            "outcome": _OUTCOME,
            "reason": f"CASE WHEN {_IS_DEAD} THEN 'as Altcraft said' END",
            "created_at": f"{ms} * 1000",
            "next_attempt_at": f"{ms} * 1000",
            "finished_at": f"{ms} * 1000 + 40000",
        },
        "attempt": {
            "id": _id(ms, "a000"),
            "delivery_id": delivery,
            "at": f"{ms} * 1000 + 20000",
            "outcome": f"CASE {_OUTCOME} WHEN 'expired' THEN 'temporary' ELSE {_OUTCOME} END",
        },
        "person": {
            "digest": f"CASE WHEN {_IS_KNOWN} THEN {digest} ELSE random() END",
            "delivery_id": delivery,
        },
        "dedup": {
            "source": f"'source-' || {_SOURCE}",
            "event_id": event,
            "received_at": f"{ms} * 1000",
        },
    }


def _id(ms: str, kind: str) -> str:
    """A UUIDv7 of that time."""
    hexadecimal = f"printf('%012x', {ms})"
    return (
        f"substr({hexadecimal}, 1, 8) || '-' || substr({hexadecimal}, 9) || '-7000-{kind}-' || "
        "printf('%012d', n)"
    )


def _count(connection: Connection, now: datetime) -> None:
    """By the hour for the month, by the minute at its end."""
    names = [("call", f"source-{n}", label) for n in range(SOURCES) for label in _CALLS]
    names += [("rule", f"rule-{n}", "held") for n in range(RULES)]
    names += [
        (kind, name, label)
        for kind in ("attempt", "ended")
        for name in ("main", "rare")
        for label in _ENDS
    ]
    end = minute_of(now)
    hour = (end - MINUTES) // 60 * 60
    for first, last, step in ((hour - DAYS * 1440, hour, 60), (hour, end, 1)):
        query = (
            "INSERT INTO tally WITH RECURSIVE m(minute) AS (SELECT :first UNION ALL "
            "SELECT minute + :step FROM m WHERE minute + :step < :last) "
            "SELECT minute, :kind, :name, :label, 7 * :step FROM m"
        )
        given = {"first": first, "last": last, "step": step}
        rows = [{**given, "kind": kind, "name": n, "label": label} for kind, n, label in names]
        connection.execute(text(query), rows)


def _act(connection: Connection, now: datetime) -> None:
    """What operators did, and the tokens of those who may."""
    micros = int(now.timestamp() * 1_000_000)
    ms = f"({micros // 1000} - (2001 - n) * 1000000)"
    subject = '\'{"state"\\: "dead", "since"\\: "2026-01-01T00\\:00\\:00Z"}\''
    made = {
        "act": (_id(ms, "b000"), f"{ms} * 1000", "'operator-' || n % 30", "'replay'", subject, "n"),
        "token": ("'operator-' || n", "'operator'", "randomblob(32)", str(micros), "'admin'"),
    }
    for (name, values), most in zip(made.items(), (2000, 30), strict=True):
        query = f"INSERT INTO {name} SELECT {', '.join(values)} FROM {NUMBERS_HERE}"  # noqa: S608 - our own words
        connection.execute(text(query), {"first": 1, "last": most})
