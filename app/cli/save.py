"""`bridge events save-as-test`."""

from pathlib import Path
from typing import Annotated

import typer

from app.cases import (
    CannotSave,
    SavedCase,
    SaveOptions,
    case_of_event,
    revision_without_secrets,
)
from app.cli.exits import Exit
from app.cli.store import with_store
from app.cli.tables import complain
from app.config.settings import read_settings
from app.model.event import EventId


def save_as_test(
    event_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    config: Annotated[Path | None, typer.Option(help="instead of BRIDGE_CONFIG")] = None,
    out: Annotated[Path | None, typer.Option(help="a new file; absent: stdout")] = None,
    name: Annotated[str | None, typer.Option(help="of the case")] = None,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="leave fields of this name as they are")
    ] = None,
    replace: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="replace fields of this name, too")
    ] = None,
    as_it_is: Annotated[
        bool, typer.Option("--as-it-is", help="replace nothing but secrets")
    ] = False,
) -> None:
    """Write a stored call as a case of `bridge test`, with the people in it replaced.

    E-mails, phones, names, addresses, texts that people write, dates of birth and numbers of
    documents get stand-ins, the same for the same, so that rules still match; secrets become ***.
    Ids and codes are kept, for rules go by them: name those that shall not be with --replace. What
    is expected is what the rules of today say. Read the case before you share it.
    """
    options = SaveOptions(name, frozenset(keep or ()), frozenset(replace or ()), as_it_is)
    revision = revision_without_secrets(config or read_settings().config)
    event = with_store(lambda outbox: outbox.event(EventId(event_id)))
    if event is None:
        complain(f"there is no event {event_id}")
        raise typer.Exit(Exit.NO)
    saved = case_of_event(revision, event, options)
    _write(saved, out)
    for note in saved.notes:
        complain(f"note: {note}")


def _write(saved: SavedCase, out: Path | None) -> None:
    if out is None:
        typer.echo(saved.text, nl=False)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8") as file:
            file.write(saved.text)
    except FileExistsError:
        raise CannotSave(f"{out}: is there already; name another file") from None
    except OSError as error:
        raise CannotSave(f"{out}: can't be written: {error.strerror}") from None
    complain(f"written to {out}")
