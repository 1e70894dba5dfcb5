"""`bridge deliveries replay|cancel`, `bridge events replay`, `bridge acts`."""

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app import lookup
from app.cli.exits import Exit
from app.cli.filters import (
    Before,
    Limit,
    Since,
    Source,
    Status,
    Until,
    Wanted,
    event_filter,
    filtered,
)
from app.cli.given import ConfigFile
from app.cli.operator import Operator, an_act
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, complain, say, show, table
from app.config.settings import environment, read_settings
from app.kit.clock import SystemClock
from app.kit.errors import BridgeError
from app.model.delivery import DeliveryState
from app.model.event import EventId
from app.outbox import Act, ActId, ActKind, Count, DeliveryFilter, EventFilter, Outbox
from app.replay import Plan, Replay, Report
from app.revision import Revision, read_revision

_FINAL = (DeliveryState.DONE, DeliveryState.DEAD)
_WAITING = (DeliveryState.PENDING, DeliveryState.PAUSED)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="these, or by filter")]


class Rules(StrEnum):
    STORED = "stored"
    CURRENT = "current"


Through = Annotated[
    Rules, typer.Option(help="stored: the request as it was; current: made by today's rules")
]
Pace = Annotated[str | None, typer.Option("--rate", help="how fast they become due: 10/s, 600/m")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only count what it would be about")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
Again = Annotated[bool, typer.Option("--again", help="also what was replayed before")]
Most = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="so many at most")]


class CannotDo(BridgeError):
    slug = "configuration"


@filtered
def replay_deliveries(
    ids: Ids = None,
    *,
    wanted: Wanted,
    rules: Through = Rules.STORED,
    rate: Pace = None,
    limit: Most = 100_000,
    again: Again = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    operator: Operator = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Send finished deliveries again, each as a new one. Without ids: dead letters.

    A running bridge on the same store takes them up. Exit status 1 when there was none.
    """
    plan = planned(rules, rate, limit, operator, config)

    def chosen(outbox: Outbox) -> DeliveryFilter:
        return _chosen(wanted(outbox), ids or [], DeliveryState.DEAD)

    replay_chosen(chosen, replace(plan, again=again), dry_run=dry_run, yes=yes, json=json)


def planned(
    rules: Rules, rate: str | None, limit: int, operator: str | None, config: Path | None
) -> Plan:
    act = an_act(ActKind.REPLAY, operator)
    return Plan(act, _revision(rules, config), _per_second(rate), limit)


def replay_chosen(chosen: Wanted, plan: Plan, *, dry_run: bool, yes: bool, json: bool) -> None:
    """All of them, and says how many it was."""

    async def run(outbox: Outbox) -> Report | list[Count]:
        wanted = chosen(outbox)
        counted = await _counted(outbox, wanted, _FINAL, again=plan.again)
        if dry_run or not _goes_on(counted, yes=yes, what="replay"):
            return counted
        rules = Rules.STORED if plan.revision is None else Rules.CURRENT
        told = replace(plan, act=lookup.told(plan.act, wanted, rules=rules.value))
        return await Replay(outbox, told, SystemClock()).deliveries(wanted)

    _report(with_store(run), plan.act, json=json)


@filtered
def cancel_deliveries(
    ids: Ids = None,
    *,
    wanted: Wanted,
    dry_run: DryRun = False,
    yes: Yes = False,
    operator: Operator = None,
    json: AsJson = False,
) -> None:
    """Make dead letters of deliveries that wait. What is under way or done stays as it is.

    Exit status 1 when there was none.
    """
    act = an_act(ActKind.CANCEL, operator)

    async def run(outbox: Outbox) -> int | list[Count]:
        chosen = _chosen(wanted(outbox), ids or [], None)
        counted = await _counted(outbox, chosen, _WAITING, again=True)
        if dry_run or not _goes_on(counted, yes=yes, what="cancel"):
            return counted
        return await outbox.cancel(chosen, lookup.told(act, chosen))

    found = with_store(run)
    if isinstance(found, list):
        _show_counts(found, json=json)
        return
    if json:
        as_json({"act": act.id, "cancelled": found})
    else:
        say(f"{found} cancelled (act {act.id})")
    if not found:
        raise typer.Exit(Exit.NO)


def replay_events(
    ids: Ids = None,
    *,
    source: Source = None,
    status: Status = None,
    since: Since = None,
    until: Until = None,
    rate: Pace = None,
    limit: Most = 100_000,
    yes: Yes = False,
    operator: Operator = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Hold stored calls against today's rules: those that hold and have no delivery of it start.

    Exit status 1 when nothing starts.
    """
    plan = Plan(
        an_act(ActKind.REPLAY, operator), _revision(Rules.CURRENT, config), _per_second(rate), limit
    )
    wanted = event_filter(source, status, since, until)
    if not ids and wanted == EventFilter():
        _refuse("name ids, or say which by --source, --status, --since or --until")
    if not ids and not yes and not _is_confirmed("replay these calls"):
        return

    async def run(outbox: Outbox) -> Report:
        asked: dict[str, str | list[str]] = {"events": ids} if ids else {"source": source or "any"}
        replay = Replay(outbox, replace(plan, act=replace(plan.act, subject=asked)), SystemClock())
        if not ids:
            return await replay.events(wanted)
        return await replay.these_events([EventId(one) for one in ids])

    _report(with_store(run), plan.act, json=json)


def list_acts(*, before: Before = None, limit: Limit = 20, json: AsJson = False) -> None:
    """What operators did, the newest first. Exit status 1 when there is nothing."""
    last = ActId(before) if before else None
    found = with_store(lambda outbox: outbox.acts(before=last, limit=limit))
    if json:
        as_json([_act_shape(act) for act in found])
    else:
        rows = ((a.id, a.at, a.who, a.kind, a.count, _subject(a)) for a in found)
        show(table(("act", "at (UTC)", "who", "what", "how many", "of"), rows))
    if not found:
        raise typer.Exit(Exit.NO)


def _chosen(wanted: DeliveryFilter, ids: list[str], usual: DeliveryState | None) -> DeliveryFilter:
    if ids:
        if not lookup.is_empty(wanted):
            _refuse("name ids or a filter, not both")
        return lookup.only(ids)
    if lookup.is_empty(wanted):
        _refuse("name ids, or say which by a filter such as --since 2h; --help shows them")
    return replace(wanted, state=wanted.state or usual)


async def _counted(
    outbox: Outbox, wanted: DeliveryFilter, states: tuple[DeliveryState, ...], *, again: bool
) -> list[Count]:
    wanted = wanted if again else replace(wanted, is_replayed=False)
    return [one for one in await outbox.counts(wanted) if one.state in states]


def _goes_on(counted: list[Count], *, yes: bool, what: str) -> bool:
    total = sum(one.count for one in counted)
    if yes or total <= 1:
        return True
    _show_counts(counted, json=False)
    return _is_confirmed(f"{what} {total} deliveries")


def _is_confirmed(what: str) -> bool:
    if not sys.stdin.isatty():
        _refuse(f"to {what}, add --yes")
    return typer.confirm(f"{what}?")


def _revision(rules: Rules, config: Path | None) -> Revision | None:
    if rules is Rules.STORED:
        return None
    return read_revision(config or read_settings().config, environment())


def _per_second(rate: str | None) -> float | None:
    return lookup.per_second("--rate", rate)


def _report(found: Report | list[Count], act: Act, *, json: bool) -> None:
    if isinstance(found, list):
        _show_counts(found, json=json)
        return
    if json:
        shape = {"act": act.id, "replayed": found.added, "left": dict(found.left)}
        as_json(shape)
    else:
        say(f"{len(found.added)} replayed (act {act.id})")
        if len(found.added) == 1:
            say(f"delivery {found.added[0]}")
        for why, count in found.left.most_common(20):
            say(f"{count} left alone: {why}")
    if not found.added:
        raise typer.Exit(Exit.NO)


def _show_counts(counted: list[Count], *, json: bool) -> None:
    if json:
        shapes = [
            {"rule": c.rule, "state": c.state, "outcome": c.outcome, "count": c.count}
            for c in counted
        ]
        as_json({"total": sum(c.count for c in counted), "of": shapes})
        return
    rows = ((c.rule, c.state, c.outcome, c.count) for c in counted)
    show(table(("rule", "state", "outcome", "deliveries"), rows))
    say(f"{sum(c.count for c in counted)} deliveries")


def _act_shape(act: Act) -> dict[str, object]:
    return {
        "id": act.id,
        "at": act.at,
        "who": act.who,
        "kind": act.kind.value,
        "subject": act.subject,
        "count": act.count,
    }


def _subject(act: Act) -> str:
    return ", ".join(f"{name}={value}" for name, value in act.subject.items())


def _refuse(why: str) -> NoReturn:
    complain(why)
    raise typer.Exit(Exit.USAGE)
