"""The text that a signature is made over, as the file writes it: `{timestamp}.{body}`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from app.kit.nearest import did_you_mean

_PIECE = re.compile(
    r"(?P<brace>\{\{|\}\})"
    r"|\{(?P<name>[a-z0-9_]+)(?::(?P<argument>[^{}?]+)(?P<optional>\?)?)?\}"
    r"|(?P<text>[^{}]+)"
    r"|(?P<stray>[{}])"
)

PLAIN = {
    "body": "the body as received",
    "body_decoded": "the body with its percent signs and plus signs decoded",
    "body_or_query": "the body, or the query as received when the body is empty",
    "body_crc32": "CRC-32 of the body as an unsigned decimal",
    "body_md5": "hex MD5 of the body",
    "body_sha256": "hex SHA-256 of the body",
    "fields_sorted": "name and value of each form field without anything between, names sorted, "
    "a repeated name once for each of its values, sorted",
    "method": "the method in upper case",
    "path": "the path of the URL as received",
    "query": "the query as received, without the question mark",
    "timestamp": "the text found where `timestamp` says",
    "url": "the whole URL as the caller wrote it",
}
WITH_ARGUMENT = {
    "field": "a field of the decoded body, such as {field:signature.token}",
    "fields_with": ":NAME=VALUE for each field at the top of the decoded body whose name begins "
    "so, in either case, names sorted, such as {fields_with:Shp_}",
    "header": "a header, such as {header:X-Request-Id}",
    "query": "a parameter of the query, decoded",
    "value": "an entry of `values`",
}
WITH_SECRET = {
    "secret": "the secret itself",
    "body_with_secret": "the body with the secret in the place of the signature",
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name}` or `{name:argument}`; with a question mark at the end, absent is empty."""

    name: str
    argument: str | None = None
    is_optional: bool = False


Piece: TypeAlias = str | Placeholder


def parse_template(text: str, *, may_hold_secret: bool) -> tuple[Piece, ...]:
    """Raises ValueError with what is wrong and what is known."""
    return tuple(_pieces(text, may_hold_secret))


def _pieces(text: str, may_hold_secret: bool) -> Iterator[Piece]:
    for found in _PIECE.finditer(text):
        if found["stray"]:
            raise ValueError(
                f"a stray {found['stray']} at column {found.start() + 1}; a brace as such is "
                "written twice"
            )
        if found["name"]:
            yield _placeholder(found, may_hold_secret)
        else:
            yield found["text"] or found["brace"][0]


def _placeholder(found: re.Match[str], may_hold_secret: bool) -> Placeholder:
    name, argument = found["name"], found["argument"]
    if name in WITH_SECRET and not may_hold_secret:
        raise ValueError(f"{{{name}}} stands in a `digest` only")
    known = PLAIN | WITH_SECRET if argument is None else WITH_ARGUMENT
    if name not in known:
        names = sorted(WITH_ARGUMENT if argument else PLAIN)
        mark = ":NAME" if argument else ""
        hint = did_you_mean(name, names) or "known here: " + ", ".join(n + mark for n in names)
        raise ValueError(f"unknown placeholder {{{name}{mark}}}; {hint}")
    if name == "header" and argument is not None:
        argument = argument.lower()
    return Placeholder(name, argument, is_optional=bool(found["optional"]))
