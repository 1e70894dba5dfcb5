"""A call as it is given on the command line."""

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from app.kit.errors import BridgeError

ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", help="the configuration file; absent: BRIDGE_CONFIG")
]
BodyFile: TypeAlias = Annotated[
    Path | None, typer.Argument(help="the body; -: stdin; absent: none")
]
Method: TypeAlias = Annotated[str, typer.Option(help="of the call")]
PathAfter: TypeAlias = Annotated[str, typer.Option(help="what follows /hooks/SOURCE/")]
Query: TypeAlias = Annotated[str, typer.Option(help="the query string")]
Headers: TypeAlias = Annotated[
    list[str] | None, typer.Option("--header", help="`Name: value`, as often as needed")
]


class NotGiven(BridgeError):
    slug = "configuration"


def read_body(file: Path | None) -> bytes:
    """`-` is stdin. Raises NotGiven."""
    if file is None:
        return b""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise NotGiven(f"{file}: can't be read: {error.strerror}") from None


def read_headers(given: list[str], body: bytes) -> dict[str, str]:
    """By lower-case names; a body that looks like JSON is said to be. Raises NotGiven."""
    headers: dict[str, str] = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon:
            raise NotGiven(f'--header: expected "Name: value", without it: {name[:40]}')
        headers[name.strip().lower()] = value.strip()
    if "content-type" not in headers and body.lstrip()[:1] in (b"{", b"["):
        headers["content-type"] = "application/json"
    return headers
