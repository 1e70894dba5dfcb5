"""The form of the playground, and the trial that it asks for."""

from typing import Literal, TypeVar

import orjson
from pydantic import BaseModel, Field, ValidationError

from app.desk.bodies import Body
from app.desk.refusals import Invalid
from app.desk.tried import CaseAsked, TryAsked
from app.model.event import Event
from app.revision.excerpts import Excerpt, spliced

T = TypeVar("T", bound=TryAsked)

_MOST = 1024**2


class Filled(BaseModel):
    """As it was sent, and as it is shown again. `rule`: only this one is edited. `load` is an
    event whose call is wanted, `calls` and `case` are buttons."""

    source: str = Field("", max_length=200)
    method: str = Field("POST", max_length=16)
    path: str = Field("", max_length=4000)
    query: str = Field("", max_length=16_000)
    headers: str = Field("", max_length=64_000)
    body: str = Field("", max_length=_MOST)
    body_is: Literal["text", "base64"] = "text"
    received: str = Field("", max_length=40)
    configuration: str = Field("", max_length=_MOST)
    rule: str = Field("", max_length=400)
    load: str = Field("", max_length=64)
    calls: str = Field("", max_length=8)
    case: str = Field("", max_length=8)
    name: str = Field("", max_length=200)


def filled_with(filled: Filled, event: Event, body: Body) -> Filled:
    """The call of a stored event."""
    kind = event.content_type
    text = str(body.value)
    if body.form in ("json", "item", "decoded"):
        text = orjson.dumps(body.value, option=orjson.OPT_INDENT_2).decode()
        # What was decoded to take the secrets out is not what was sent any more.
        kind = "application/json" if body.form == "decoded" else kind
    headers = {**event.headers, **({"content-type": kind} if kind else {})}
    changed = {
        "source": event.source,
        "method": event.method,
        "path": event.path,
        "query": event.query,
        "headers": "\n".join(f"{name}: {value}" for name, value in headers.items()),
        "body": text,
        "body_is": "base64" if body.form == "base64" else "text",
        "received": event.received_at.isoformat(),
        "load": "",
    }
    return filled.model_copy(update=changed)


def asked_of(filled: Filled, whole: str, excerpt: Excerpt | None) -> TryAsked:
    """`whole` is the file in use, of which the excerpt is edited. Raises Invalid."""
    return _asked(TryAsked, filled, whole, excerpt)


def case_asked_of(filled: Filled, whole: str, excerpt: Excerpt | None) -> CaseAsked:
    """Raises Invalid."""
    return _asked(CaseAsked, filled, whole, excerpt, name=filled.name)


def _asked(kind: type[T], filled: Filled, whole: str, excerpt: Excerpt | None, **more: str) -> T:
    headers = headers_of(filled.headers)
    text = _with_plain_ends(filled.configuration)
    is_in_parts = headers.get("content-type", "").startswith("multipart/")
    given = {
        "source": filled.source,
        "method": filled.method,
        "path": filled.path,
        "query": filled.query.removeprefix("?"),
        "headers": headers,
        "body": filled.body if is_in_parts else _with_plain_ends(filled.body),
        "body_is": filled.body_is,
        "received": filled.received or None,
        "configuration": text if excerpt is None else spliced(whole, excerpt, text),
        **more,
    }
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise Invalid(f"{wrong['loc'][0]}: {wrong['msg']}") from None


def headers_of(text: str) -> dict[str, str]:
    """`Name: value`, one a line. Raises Invalid."""
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, colon, value = line.partition(":")
        if line.strip() and not colon:
            raise Invalid(f"headers: line {number} is not `Name: value`")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def _with_plain_ends(text: str) -> str:
    """Browsers end the lines of a form by two characters."""
    return text.replace("\r\n", "\n")
