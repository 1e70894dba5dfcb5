"""A past of any length, made by the engine of the store itself: finished deliveries with their
events, attempts, people and deduplication keys, the last two at random places of their indexes, as
digests and keys are."""

from collections.abc import Mapping
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection, text

from app.outbox import Outbox

Expressions: TypeAlias = Mapping[str, Mapping[str, str]]
"""By table and column: a value, as an expression of the number `n`."""
NUMBERS_HERE = (
    "(WITH RECURSIVE c(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM c WHERE n < :last) "
    "SELECT n FROM c) AS numbers"
)
_NUMBERS_THERE = "generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n"
_BYTES = {"sqlite": "blob", "postgresql": "bytea"}
# Each is one write, which has a time limit.
_AT_ONCE = 20_000
# Of the engine: number N as part of an id, and numbers from A to B. Ids of a past lie before those
# that are made now.
_DIALECTS = {
    "sqlite": ("printf('%012d', n)", "abs(random())", NUMBERS_HERE),
    "postgresql": ("lpad(n::text, 12, '0')", "(random() * 9e18)::bigint", _NUMBERS_THERE),
}


async def make_past(
    outbox: Outbox,
    first: int,
    last: int,
    *,
    otherwise: Expressions | None = None,
    only: Mapping[str, str] | None = None,
) -> None:
    """Adds what is numbered from `first` + 1 to `last`. `otherwise`: values that are not as plain;
    `only`: of a table those rows for which this holds."""
    for start in range(first, last, _AT_ONCE):
        given = {"first": start + 1, "last": min(start + _AT_ONCE, last)}
        await outbox._writer.run(partial(_add, given, otherwise or {}, only or {}))
    await outbox._writer.run(lambda c: c.exec_driver_sql("ANALYZE"))


def _add(
    given: dict[str, int], otherwise: Expressions, only: Mapping[str, str], connection: Connection
) -> None:
    *_, numbers = _DIALECTS[connection.dialect.name]
    for name, plain in _plain(connection.dialect.name).items():
        values = {**plain, **otherwise.get(name, {})}
        query = f"INSERT INTO {name} ({', '.join(values)}) SELECT {', '.join(values.values())}"
        connection.execute(text(f"{query} FROM {numbers} WHERE {only.get(name, 'true')}"), given)


def _plain(engine: str) -> Expressions:
    number, anything, _ = _DIALECTS[engine]
    id_ = f"'00000000-0000-7000-8000-' || {number}"
    at = "1767225600000000 + n * 1000"
    return {
        "event": {
            "id": id_,
            "source": "'crm'",
            "received_at": at,
            "method": "'POST'",
            "path": "''",
            "query": "''",
            "headers": "'{}'",
            "content_type": "'application/json'",
            "body": "CAST('{\"crm_id\": 1}' AS " + _BYTES[engine] + ")",
            "status": "CASE n % 20 WHEN 0 THEN 'ignored' ELSE 'accepted' END",
        },
        "delivery": {
            "id": id_,
            "event_id": id_,
            "source": "'crm'",
            "rule": "'won'",
            "config_revision": "'bench'",
            "destination": "'main'",
            "scenario": "3",
            "matches": "'[]'",
            "content": "'{}'",
            "in_doubt": "'retry'",
            "state": "CASE n % 100 WHEN 0 THEN 'dead' ELSE 'done' END",
            "match_index": "0",
            "attempts": "1",
            "created_at": at,
            "next_attempt_at": at,
            "outcome": "CASE n % 100 WHEN 0 THEN 'expired' ELSE 'accepted' END",
            "finished_at": at,
        },
        "attempt": {
            "id": id_,
            "delivery_id": id_,
            "at": at,
            "duration_ms": "7",
            "match_index": "0",
            "outcome": "'accepted'",
            "in_doubt": "false",
        },
        "person": {"digest": anything, "delivery_id": id_},
        "dedup": {
            "source": "'crm'",
            "key": f"CAST({anything} AS text)",
            "event_id": id_,
            "received_at": at,
        },
    }
