"""The call that a case describes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from app.cases.read import CasesRefused, PlacedCase
from app.cases.shape import BodyOf, Case
from app.model.json import Json
from app.sources.call import Call, query_parameters
from app.sources.decode import UnsupportedMedia
from app.sources.decode.media import read_media
from app.sources.source import Source

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


def call_of_case(placed: PlacedCase, source: Source) -> Call:
    """Raises CasesRefused when the body can't be made."""
    case = placed.case
    headers = {name.lower(): text for name, text in case.headers.items()}
    kind = case.content_type or headers.get("content-type") or _natural_type(case)
    if kind:
        headers["content-type"] = kind
    charset = charset_of(kind, source)
    try:
        query = query_parameters(case.query)
        body = _body(case, charset, placed.file.parent)
    except UnicodeEncodeError:
        raise CasesRefused(
            f"{placed}: body: a character can't be written in {charset}, which the source reads"
        ) from None
    except OSError as error:
        why = f"{error.filename}: can't be read: {error.strerror}"
        raise CasesRefused(f"{placed}: body.file: {why}") from None
    except ValueError as error:
        raise CasesRefused(f"{placed}: can't be made: {error}") from None
    return Call(
        source=source.name,
        method=case.method,
        path=case.path.removeprefix("/"),
        url=f"http://localhost/hooks/{source.name}",
        raw_query=case.query,
        query=query,
        headers=headers,
        body=body,
        received_at=case.received,
    )


def charset_of(content_type: str, source: Source) -> str:
    """In which the source reads texts."""
    try:
        return read_media(content_type, source.decoding.charset).charset or "utf-8"
    except UnsupportedMedia:
        return "utf-8"


def json_text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def form_text(pairs: Sequence[tuple[str, str]], charset: str) -> str:
    # Of UTF-16 the escapes would be of single bytes.
    is_wide = charset.startswith(("utf-16", "utf-32"))
    return urlencode(pairs, encoding="utf-8" if is_wide else charset)


def form_pairs(form: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in form.items() for text in texts]


def _natural_type(case: Case) -> str:
    if not isinstance(case.body, BodyOf) or case.body.file is not None:
        return ""
    return JSON_TYPE if case.body.form is None else FORM_TYPE


def _body(case: Case, charset: str, folder: Path) -> bytes:
    """Raises OSError, ValueError."""
    body = case.body
    if isinstance(body, str):
        return body.encode(charset)
    if body.file is not None:
        return (folder / body.file).read_bytes()
    if body.form is not None:
        return form_text(form_pairs(body.form), charset).encode(charset)
    return json_text(body.json_).encode(charset)
