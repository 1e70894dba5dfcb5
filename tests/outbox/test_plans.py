"""Accepting, claiming and the operators' lists cost the same however much lies behind: each goes by
an index and sorts nothing, as the engine itself says of a store with a past."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.sql import ClauseElement

from app.model.delivery import DeliveryId, DeliveryState, Ending
from app.model.event import EventId, EventStatus
from app.model.outcome import OutcomeKind
from app.model.problem import Cause
from app.model.start import Target
from app.model.tally import TallyKind
from app.outbox import (
    DeliveryFilter,
    EventFilter,
    Outbox,
    TalliesAsked,
    claims,
    endings,
    history,
    reach,
    tables,
    tally,
    turns,
)
from app.outbox.causes import left_of
from app.outbox.problem_list import newest_of
from app.outbox.problems import died
from app.outbox.rows import micros
from tests.support.stores import ON_POSTGRESQL, ON_SQLITE
from tests.support.values import AT, an_acceptance

_PAST = 20_000
DAY = timedelta(days=1)
_ID = DeliveryId("01a20b52-9f74-70bc-8123-c5d55d3c2a3a")
_CLAIM = claims.DUE.params(destination="main", flow="1/crm", now=1, limit=10)


def the(bound: Select[str] | None) -> Select[str]:
    assert bound is not None
    return bound


_LISTS: dict[str, ClauseElement] = {
    "events": history.events_query(EventFilter(), 10),
    "events of a source": history.events_query(EventFilter(source="crm"), 10),
    "recent calls of a source": history.recent_query("crm", 10),
    "ignored events": history.events_query(EventFilter(status=EventStatus.IGNORED), 10),
    "events of a time": history.events_query(EventFilter(since=AT, until=AT), 10),
    "deliveries": history.deliveries_query(DeliveryFilter(), 10),
    "deliveries of a rule": history.deliveries_query(DeliveryFilter(rule="deal won"), 10),
    "the last of a rule": history.last_query("deal won"),
    "deliveries of a source": history.deliveries_query(DeliveryFilter(source="crm"), 10),
    "dead letters": history.deliveries_query(DeliveryFilter(state=DeliveryState.DEAD), 10),
    "paused": history.deliveries_query(DeliveryFilter(state=DeliveryState.PAUSED), 10),
    "ignored events of a source": history.events_query(
        EventFilter(status=EventStatus.IGNORED, source="crm"), 10
    ),
    "dead letters of a rule": history.deliveries_query(
        DeliveryFilter(state=DeliveryState.DEAD, rule="deal won", source="crm"), 10
    ),
    "where a look at events ends": the(
        reach.events_bound(EventFilter(status=EventStatus.ACCEPTED, source="crm"), 10)
    ),
    "where a look at deliveries ends": the(
        reach.deliveries_bound(DeliveryFilter(destination="main"), 10)
    ),
    "where a look at dead letters ends": the(
        reach.deliveries_bound(DeliveryFilter(state=DeliveryState.DEAD, rule="deal won"), 10)
    ),
    "expired": history.deliveries_query(DeliveryFilter(outcome=Ending.EXPIRED), 10),
    "all that waits": reach.ids_in(DeliveryState.PENDING),
    "all that is under way": reach.ids_in(DeliveryState.IN_FLIGHT),
}
_SMALL = {
    "of an event": history.deliveries_query(DeliveryFilter(event_id=EventId(_ID)), 10),
    "of a person": history.deliveries_query(DeliveryFilter(people=(1, 2)), 10),
    "what events started": history.started_query([EventId(_ID)]),
    "attempts of several": history.attempts_query([_ID], 10),
}
_CAUSE = Cause("main", Target.SCENARIO, 3, OutcomeKind.MALFORMED)
_PROBLEMS = {
    "its dead letters": history.deliveries_query(DeliveryFilter(cause=_CAUSE), 10),
    "the next of its dead letters": history.deliveries_query(
        DeliveryFilter(cause=_CAUSE, is_replayed=False, state=DeliveryState.DEAD, after=_ID), 10
    ),
    "their number": select(func.count()).where(*left_of(_CAUSE)),
    "whom they met": newest_of(_CAUSE),
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


async def with_a_past(outbox: Outbox, **others: str) -> None:
    """Many finished deliveries, made from one by the engine itself, and statistics of them.
    `others`: values that are not as usual, as expressions of the number `n`."""
    acceptance = an_acceptance()
    await outbox.accept([acceptance])

    def multiply(connection: Connection) -> None:
        for table in (tables.event, tables.delivery):
            changed = {"id": "substr(id, 1, 24) || substr('000000000000' || n, -12)"}
            if connection.dialect.name == "postgresql":
                changed = {"id": "left(id, 24) || lpad(n::text, 12, '0')"}
            if table is tables.delivery:
                changed |= {"event_id": changed["id"].replace("id", "event_id"), "state": "'done'"}
                changed |= {"outcome": "'accepted'", "finished_at": str(micros(AT)), **others}
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
@pytest.mark.parametrize("query", _PROBLEMS.values(), ids=_PROBLEMS.keys())
async def test_on_sqlite_the_dead_letters_of_a_problem_are_found_by_an_index(
    outbox: Outbox, query: Select[tuple[object, ...]]
) -> None:
    [step] = await plan_of(outbox, query)

    assert step.startswith("SEARCH delivery USING"), step
    assert (
        "INDEX ix_delivery_cause (destination=? AND target=? AND scenario=? AND outcome=?" in step
    )


@ON_SQLITE
@pytest.mark.parametrize("is_analyzed", [False, True], ids=["new", "with statistics"])
async def test_on_sqlite_what_waits_is_looked_for_among_what_waits(
    outbox: Outbox, *, is_analyzed: bool
) -> None:
    if is_analyzed:
        await with_a_past(outbox)
    wanted = DeliveryFilter(state=DeliveryState.PENDING, before=_ID, destination="main")

    plan = await plan_of(outbox, reach.few_query(wanted, 10))

    looks = [step for step in plan if " delivery " in step]
    assert any("ix_delivery_flow" in step for step in looks), plan
    assert all("ix_delivery_flow" in step or "(id=?)" in step for step in looks), plan


@ON_SQLITE
async def test_on_sqlite_what_died_in_a_commit_is_found_by_its_ids(outbox: Outbox) -> None:
    plan = await plan_of(outbox, died([_ID]))

    assert "SEARCH delivery USING INDEX sqlite_autoindex_delivery_1 (id=?)" in plan[0], plan


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
async def test_on_postgresql_the_dead_letters_of_a_problem_are_found_by_an_index(
    outbox: Outbox,
) -> None:
    await with_a_past(outbox, state="'dead'", outcome="'malformed'", scenario="n % 200")

    for name, query in _PROBLEMS.items():
        plan = "\n".join(await plan_of(outbox, query))

        assert "ix_delivery_cause" in plan, (name, plan)
        assert not re.search(r"\bSort\b", plan), (name, plan)
    by_id = "\n".join(await plan_of(outbox, died([_ID])))
    assert "Index Cond: ((id)::text =" in by_id, by_id


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


_COUNTED = {
    "sums of steps": tally.tallies_query(TalliesAsked(AT - DAY / 24, AT, 300), 100),
    "sums of a kind": tally.tallies_query(
        TalliesAsked(AT - DAY / 24, AT, None, (TallyKind.RULE,)), 100
    ),
    "the oldest minute": tally.oldest_minute_query(tally.minute_of(AT - DAY / 8)),
}


async def with_counts(outbox: Outbox) -> None:
    """Of thirty days: 130 names, by the hour and in the last four hours by the minute."""

    def fill(connection: Connection) -> None:
        now = tally.minute_of(AT)
        for begin, step in ((now - 30 * 1440, 60), (now - 240, 1)):
            connection.exec_driver_sql(
                f"WITH RECURSIVE m(minute) AS (SELECT {begin} UNION ALL SELECT minute + {step} "
                f"FROM m WHERE minute < {now - 1}), n(name) AS (SELECT 1 UNION ALL SELECT "
                "name + 1 FROM n WHERE name < 130) INSERT INTO tally "
                "SELECT minute, CASE WHEN name > 80 THEN 'rule' ELSE 'call' END, "
                "'name ' || name, 'accepted', 7 FROM m, n WHERE true ON CONFLICT DO NOTHING"
            )
        connection.exec_driver_sql("ANALYZE")

    await outbox._writer.run(fill)


@ON_SQLITE
@pytest.mark.parametrize("query", _COUNTED.values(), ids=_COUNTED.keys())
async def test_on_sqlite_only_what_was_counted_in_the_time_asked_for_is_read(
    outbox: Outbox, query: Select[Any]
) -> None:
    plan = await plan_of(outbox, query)

    assert plan[0].startswith("SEARCH tally"), plan
    assert "PRIMARY KEY" in plan[0] or "ix_tally_minutes" in plan[0], plan


async def test_what_was_counted_in_thirty_days_is_added_up_quickly(outbox: Outbox) -> None:
    await with_counts(outbox)
    day, month = (TalliesAsked(AT - n * DAY, AT, 3600) for n in (1, 30))

    for query in _COUNTED.values():
        plan = "\n".join(await plan_of(outbox, query))
        assert "Seq Scan" not in plan, plan
    of_a_day = await outbox.tallies(day, limit=100_000)
    assert len(of_a_day) == 24 * 130
    assert {one.count for one in of_a_day} == {7, 7 * 60}
    [*of_rules] = await outbox.tallies(
        replace(month, step_s=None, kinds=(TallyKind.RULE,)), limit=99
    )
    assert {one.count for one in of_rules} == {7 * (30 * 24 - 4 + 240)}
