"""Who does what is done."""

import getpass
import socket
from typing import Annotated

import typer

from app.config.settings import read_settings
from app.kit.clock import SystemClock
from app.kit.ids import new_id
from app.outbox import Act, ActId, ActKind

Operator = Annotated[
    str | None,
    typer.Option("--as", help="who does it; absent: BRIDGE_OPERATOR, else the system's user"),
]


def an_act(kind: ActKind, operator: str | None) -> Act:
    who = operator or read_settings().operator or _system_user()
    return Act(ActId(new_id()), SystemClock().now(), who, kind)


def _system_user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that has no name.
        name = "somebody"
    return f"{name}@{socket.gethostname()}"
