"""Accepting, claiming and the operators' lists cost the same however much lies behind: each goes by
an index and sorts nothing, as the engine itself says of a store with a past."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Select
from sqlalchemy.sql import ClauseElement

from app.model.delivery import DeliveryId, DeliveryState, Ending
from app.model.event import EventId, EventStatus
from app.outbox import DeliveryFilter, EventFilter, Outbox, claims, endings, history, tables, turns
from app.outbox.rows import micros
from tests.support.stores import ON_POSTGRESQL, ON_SQLITE
from tests.support.values import AT, an_acceptance

_PAST = 20_000
_ID = DeliveryId("01a20b52-9f74-70bc-8123-c5d55d3c2a3a")
_CLAIM = claims.DUE.params(destination="main", flow="1/crm", now=1, limit=10)
_LISTS = {
    "events": history.events_query(EventFilter(), 10),
    "events of a source": history.events_query(EventFilter(source="crm"), 10),
    "ignored events": history.events_query(EventFilter(status=EventStatus.IGNORED), 10),
    "events of a time": history.events_query(EventFilter(since=AT, until=AT), 10),
    "deliveries": history.deliveries_query(DeliveryFilter(), 10),
    "deliveries of a rule": history.deliveries_query(DeliveryFilter(rule="deal won"), 10),
    "the last of a rule": history.last_query("deal won"),
    "deliveries of a source": history.deliveries_query(DeliveryFilter(source="crm"), 10),
    "dead letters": history.deliveries_query(DeliveryFilter(state=DeliveryState.DEAD), 10),
    "paused": history.deliveries_query(DeliveryFilter(state=DeliveryState.PAUSED), 10),
    "expired": history.deliveries_query(DeliveryFilter(outcome=Ending.EXPIRED), 10),
}
_SMALL = {
    "of an event": history.deliveries_query(DeliveryFilter(event_id=EventId(_ID)), 10),
    "of a person": history.deliveries_query(DeliveryFilter(people=(1, 2)), 10),
}
_WORK = {
    "a claim": _CLAIM,
    "what is late": endings.late(AT, 10),
    "leases that ran out": claims.expired(AT, 10),
}


def text_of(query: ClauseElement, connection: Connection) -> str:
    dialect = connection.dialect
    compiled = query.compile(
        dialect=dialect, compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    return str(compiled)


async def plan_of(outbox: Outbox, query: ClauseElement) -> list[str]:
    def explained(connection: Connection) -> list[str]:
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        rows = connection.exec_driver_sql(f"{explain} {text_of(query, connection)}")
        return [str(row[-1]) for row in rows]

    return await outbox._writer.run(explained)


async def with_a_past(outbox: Outbox) -> None:
    """Many finished deliveries, made from one by the engine itself, and statistics of them."""
    acceptance = an_acceptance()
    await outbox.accept([acceptance])

    def multiply(connection: Connection) -> None:
        for table in (tables.event, tables.delivery):
            changed = {"id": "substr(id, 1, 24) || substr('000000000000' || n, -12)"}
            if connection.dialect.name == "postgresql":
                changed = {"id": "left(id, 24) || lpad(n::text, 12, '0')"}
            if table is tables.delivery:
                changed |= {"event_id": changed["id"].replace("id", "event_id"), "state": "'done'"}
                changed |= {"outcome": "'accepted'", "finished_at": str(micros(AT))}
            names = [column.name for column in table.columns]
            values = ", ".join(changed.get(name, name) for name in names)
            numbers = (
                f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
                f"WHERE n < {_PAST}) SELECT n FROM c) AS numbers"
            )
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({', '.join(names)}) "
                f"SELECT {values} FROM {table.name}, {numbers}"
            )
        connection.exec_driver_sql("ANALYZE")

    await outbox._writer.run(multiply)


@ON_SQLITE
@pytest.mark.parametrize("query", (_WORK | _LISTS).values(), ids=(_WORK | _LISTS).keys())
async def test_on_sqlite_each_goes_by_an_index_and_sorts_nothing(
    outbox: Outbox, query: Select[tuple[object, ...]]
) -> None:
    plan = await plan_of(outbox, query)

    assert all("INDEX" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


@ON_SQLITE
@pytest.mark.parametrize("query", _SMALL.values(), ids=_SMALL.keys())
async def test_on_sqlite_what_is_of_one_is_found_by_an_index(
    outbox: Outbox, query: Select[tuple[object, ...]]
) -> None:
    plan = await plan_of(outbox, query)

    assert not any(step.startswith("SCAN") for step in plan), plan


@ON_SQLITE
async def test_on_sqlite_flows_are_found_from_one_to_the_next_by_an_index(outbox: Outbox) -> None:
    plan = await plan_of(outbox, turns.FLOWS.params(destination="main"))

    looks = [step for step in plan if " delivery " in step]
    assert len(looks) == 3
    assert all("SEARCH" in step and "ix_delivery_flow" in step for step in looks), plan


@ON_POSTGRESQL
async def test_on_postgresql_each_goes_by_an_index_and_sorts_nothing(outbox: Outbox) -> None:
    await with_a_past(outbox)

    for name, query in (_WORK | _LISTS).items():
        plan = "\n".join(await plan_of(outbox, query))

        assert "Seq Scan" not in plan, (name, plan)
        # What waits is little: to sort some of that is no matter of the past.
        of_the_past = name in _LISTS and "where" not in name
        assert not of_the_past or not re.search(r"\bSort\b", plan), (name, plan)
    for name, query in _SMALL.items():
        plan = "\n".join(await plan_of(outbox, query))
        assert "Seq Scan on delivery" not in plan, (name, plan)


@ON_POSTGRESQL
async def test_on_postgresql_flows_are_found_by_an_index(outbox: Outbox) -> None:
    await with_a_past(outbox)

    plan = "\n".join(await plan_of(outbox, turns.FLOWS.params(destination="main")))

    assert "Seq Scan" not in plan, plan
    assert plan.count("Index Only Scan using ix_delivery_flow") >= 2, plan


async def test_the_age_of_the_store_is_read_from_its_first_event(outbox: Outbox) -> None:
    plan = await plan_of(outbox, history.OLDEST)

    assert not any("Sort" in step or "TEMP B-TREE" in step for step in plan), plan
    assert await outbox.oldest() is None
    await outbox.accept([an_acceptance(at=AT + timedelta(days=1))])
    assert await outbox.oldest() == AT + timedelta(days=1)
