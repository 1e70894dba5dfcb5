"""How commands show what they found: tables for people, JSON for programs."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="for programs: JSON on stdout")]

# Where nobody looks at a terminal, lines may be longer than rich's 80.
_PIPED_WIDTH = 160
_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    _out.print(text, style=style, markup=False)


def complain(text: str) -> None:
    _err.print(text, markup=False)


def show(what: Table) -> None:
    _out.print(what)


def as_json(shape: object) -> None:
    _out.file.write(orjson.dumps(shape, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    # Plain text cells: a name from outside must not be taken for markup.
    made = Table(box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        # The first names the row: it must be copied in one piece.
        made.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    return made


def pairs(shape: Mapping[str, object]) -> Table:
    """A mapping as two columns, without what is empty."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold")
    made.add_column(overflow="fold")
    for name, value in shape.items():
        if value not in (None, "", [], {}):
            made.add_row(name, _cell(value))
    return made


def _cell(value: object) -> Text:
    if value is None:
        return Text("")
    if isinstance(value, datetime):
        return Text(value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3])
    if isinstance(value, dict | list | tuple):
        return Text(orjson.dumps(value, default=str).decode())
    return Text(str(value))
