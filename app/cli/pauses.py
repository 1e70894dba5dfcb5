"""`bridge pause`, `bridge resume`, `bridge paused`."""

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated

import typer

from app.cli.exits import Exit
from app.cli.operator import Operator, an_act
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, complain, say, show, table
from app.config.document import read_document
from app.config.faults import ConfigRefused
from app.config.settings import read_settings
from app.config.validate import validate
from app.kit.nearest import did_you_mean
from app.outbox import ActKind, Outbox, Pause, PauseKind, Stoppage

Kind = Annotated[PauseKind, typer.Argument(help="what it is")]
Named = Annotated[
    str, typer.Argument(metavar="NAME", help="its name; of a scenario or trigger its number")
]


def pause(
    kind: Kind,
    name: Named,
    *,
    reason: Annotated[str | None, typer.Option(help="shown to whoever wonders")] = None,
    operator: Operator = None,
) -> None:
    """Let a source, rule, scenario, trigger mailing or destination wait. Calls are still taken.

    What expires while it waits does not start. Exit status 1 when it is paused already.
    """
    act = an_act(ActKind.PAUSE, operator)
    act = replace(act, subject={"kind": kind.value, "name": name})
    wanted = Pause(kind, _checked(kind, name), act.at, act.who, reason)
    if not with_store(lambda outbox: outbox.pause(wanted, act)):
        complain(f"{kind.value} {name} is paused already")
        raise typer.Exit(Exit.NO)
    say(f"{kind.value} {name} is paused")
    _tell_if_unknown(kind, name)


def resume(kind: Kind, name: Named, *, operator: Operator = None) -> None:
    """Let it go on, with what waited. Exit status 1 when it was not paused."""
    act = an_act(ActKind.RESUME, operator)
    act = replace(act, subject={"kind": kind.value, "name": name})
    if not with_store(lambda outbox: outbox.resume(kind, name, act)):
        complain(f"{kind.value} {name} is not paused")
        raise typer.Exit(Exit.NO)
    say(f"{kind.value} {name} goes on")


def paused(*, json: AsJson = False) -> None:
    """What operators paused, and which destinations take no starts at the moment."""

    async def look(outbox: Outbox) -> tuple[list[Pause], list[Stoppage]]:
        return await outbox.pauses(), await outbox.stoppages()

    pauses, stoppages = with_store(look)
    if json:
        as_json({"pauses": [_shape(p) for p in pauses], "stopped": [_stop(s) for s in stoppages]})
        return
    rows = [(p.kind, p.name, p.since, p.who, p.reason) for p in pauses]
    why = "{}, next probe at {:%H:%M:%S}: {}"
    rows += [
        (PauseKind.DESTINATION, s.destination, s.since, "the bridge",
         why.format(s.cause, s.probe_at, s.detail or ""))
        for s in stoppages
    ]  # fmt: skip
    show(table(("what", "name", "since (UTC)", "by", "why"), rows))


def _checked(kind: PauseKind, name: str) -> str:
    if kind in (PauseKind.SCENARIO, PauseKind.TRIGGER) and not name.isdecimal():
        complain(f"{kind.value}: expected its number, such as 3")
        raise typer.Exit(Exit.USAGE)
    return name


def _tell_if_unknown(kind: PauseKind, name: str) -> None:
    """What waits may be of a configuration before, so that it is paused all the same."""
    path = read_settings().config
    try:
        file = validate(read_document(path))
    except ConfigRefused:
        return
    known: dict[PauseKind, Collection[str]] = {
        PauseKind.SOURCE: file.sources,
        PauseKind.RULE: [rule.name for rule in file.rules],
        PauseKind.DESTINATION: file.destinations,
    }
    if kind in known and name not in known[kind]:
        meant = did_you_mean(name, known[kind])
        complain(f'but {path} names no {kind.value} "{name}"' + (f"; {meant}" if meant else ""))


def _shape(pause: Pause) -> dict[str, object]:
    return {
        "kind": pause.kind.value,
        "name": pause.name,
        "since": pause.since,
        "who": pause.who,
        "reason": pause.reason,
    }


def _stop(stoppage: Stoppage) -> dict[str, object]:
    return {
        "destination": stoppage.destination,
        "cause": stoppage.cause,
        "since": stoppage.since,
        "probe_at": stoppage.probe_at,
        "detail": stoppage.detail,
    }
