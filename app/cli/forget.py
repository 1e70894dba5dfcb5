"""`bridge forget`."""

import sys
from dataclasses import asdict, replace
from typing import Annotated

import typer

from app.cli.exits import Exit
from app.cli.filters import named_people
from app.cli.operator import Operator, an_act
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, complain, say
from app.outbox import Act, ActKind, Forgotten, Outbox, PersonName

_ALL_STEPS = 1_000_000


def forget(
    *,
    email: Annotated[str | None, typer.Option(help="of the person")] = None,
    phone: Annotated[str | None, typer.Option(help="of the person")] = None,
    crm_id: Annotated[str | None, typer.Option(help="of the person")] = None,
    profile_id: Annotated[str | None, typer.Option(help="of the person")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    operator: Operator = None,
    json: AsJson = False,
) -> None:
    """Erase what is stored of a person: calls, whom starts were for, their content. No way back.

    Name the person in every way that is known. Rows stay, emptied; what waits does not start.
    Exit status 1 when there is nothing, or something is under way and can be erased afterwards.
    """
    names = named_people(email=email, phone=phone, crm_id=crm_id, profile_id=profile_id)
    if not names:
        complain("say who, by --email, --phone, --crm-id or --profile-id")
        raise typer.Exit(Exit.USAGE)
    if not dry_run and not yes and not _is_confirmed():
        return
    act = an_act(ActKind.FORGET, operator)
    act = replace(act, subject={"by": [name.field or name.matching for name in names]})
    found = with_store(lambda outbox: _forget(outbox, names, None if dry_run else act))
    _report(found, None if dry_run else act, json=json)
    if found.under_way or not (found.events or found.deliveries):
        raise typer.Exit(Exit.NO)


async def _forget(outbox: Outbox, names: tuple[PersonName, ...], act: Act | None) -> Forgotten:
    return await outbox.forget(names, act, steps=_ALL_STEPS)


def _is_confirmed() -> bool:
    if not sys.stdin.isatty():
        complain("to erase a person's data, add --yes")
        raise typer.Exit(Exit.USAGE)
    return typer.confirm("erase this person's data for good?")


def _report(found: Forgotten, act: Act | None, *, json: bool) -> None:
    if json:
        shape = {name: count for name, count in asdict(found).items() if name != "after"}
        as_json({"act": act.id if act else None, **shape})
        return
    did = f"erased (act {act.id})" if act else "would be erased"
    calls, starts = f"{found.events} calls", f"{found.deliveries} deliveries"
    say(f"{calls}, {starts} and their {found.attempts} attempts {did}")
    if found.cancelled:
        say(f"{found.cancelled} of the deliveries still waited; they do not start")
    if found.under_way:
        complain(f"{found.under_way} deliveries are under way: repeat this when they are done")
    if found.others:
        say(
            f"{found.others} deliveries of the same calls name somebody else, or this person "
            "otherwise; they stay"
        )
