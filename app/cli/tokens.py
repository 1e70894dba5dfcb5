"""`bridge token ...`: who may use the operator API."""

import re
from dataclasses import replace
from typing import Annotated

import typer

from app.cli.exits import Exit
from app.cli.operator import Operator, an_act
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, complain, say, show, table
from app.kit.errors import BridgeError
from app.model.operator import ADMIN, Role, Token, new_token, token_digest
from app.outbox import ActKind

tokens = typer.Typer(help="Tokens of the operator API.", no_args_is_help=True)
Named = Annotated[str, typer.Argument(metavar="NAME", help="whose it is; stands in `bridge acts`")]
_NAME = re.compile(r"\w[\w.@ -]{0,99}\Z")


class NotAName(BridgeError):
    slug = "configuration"


@tokens.command("make")
def make(
    name: Named,
    *,
    role: Annotated[
        Role, typer.Option(help="viewer: reads, personal data masked; operator: all, and acts")
    ],
    operator: Operator = None,
    json: AsJson = False,
) -> None:
    """Print a new token, once: only its digest is kept. Exit status 1 when the name is taken."""
    if not _NAME.match(name) or name == ADMIN:
        raise NotAName(f"NAME: expected up to 100 letters, digits, and . @ - _, and not {ADMIN}")
    secret = new_token()
    act = an_act(ActKind.MAKE_TOKEN, operator)
    act = replace(act, subject={"name": name, "role": role.value})
    token = Token(name, role, act.at, act.who)
    digest = token_digest(secret.reveal())
    if not with_store(lambda outbox: outbox.make_token(token, digest, act)):
        complain(f'there is a token "{name}" already; revoke it first')
        raise typer.Exit(Exit.NO)
    if json:
        as_json({"name": name, "role": role.value, "token": secret.reveal()})
    else:
        say(secret.reveal())


@tokens.command("list")
def list_tokens(*, json: AsJson = False) -> None:
    """Whose there are; the tokens themselves nobody has. Exit status 1 when there is none."""
    found = with_store(lambda outbox: outbox.tokens())
    if json:
        as_json(
            [
                {"name": t.name, "role": t.role, "made_at": t.made_at, "made_by": t.made_by}
                for t in found
            ]
        )
    else:
        rows = ((t.name, t.role, t.made_at, t.made_by) for t in found)
        show(table(("name", "role", "made (UTC)", "by"), rows))
    if not found:
        raise typer.Exit(Exit.NO)


@tokens.command("revoke")
def revoke(name: Named, *, operator: Operator = None) -> None:
    """End it, from the next request on. Exit status 1 when there is none of this name."""
    act = replace(an_act(ActKind.REVOKE_TOKEN, operator), subject={"name": name})
    if not with_store(lambda outbox: outbox.revoke_token(name, act)):
        complain(f'there is no token "{name}"')
        raise typer.Exit(Exit.NO)
    say(f'the token "{name}" opens nothing any more')
