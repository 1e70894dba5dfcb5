"""A realistic call of a known system, for tests, trials and `bridge send`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlencode

import orjson
from pydantic import Field, IPvAnyAddress, model_validator

from app.config.schema.base import Part
from app.model.json import Json

# These stand where a call of that system holds the source's secrets.
SECRET_MARK = "{secret}"  # noqa: S105 - a mark, no password
VERIFY_MARK = "{verify_token}"
_BOUNDARY = "example-4f1c9a"


class Becomes(StrEnum):
    TAKEN = "taken"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire, unsigned. `path` is what follows `/hooks/{source}/`."""

    method: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Example(Part):
    """The body in one of four forms. `{secret}` and `{verify_token}` in any text are the source's
    own."""

    name: str = Field(min_length=1, max_length=64)
    method: str = Field("POST", pattern=r"^(POST|PUT|GET|HEAD|OPTIONS)$")
    path: str = Field("", description="what follows the source's address and a slash")
    query: dict[str, str] = Field(default_factory=dict, description="parameters of the URL")
    headers: dict[str, str] = Field(default_factory=dict, description="besides signatures")
    content_type: str | None = Field(None, description="absent: as the form of the body has it")
    body: Any = Field(None, description="a JSON value")
    form: dict[str, str] | None = Field(None, description="fields, names with their brackets")
    multipart: dict[str, str] | None = Field(None, description="fields")
    text: str | None = Field(None, description="word for word")
    client: IPvAnyAddress | None = Field(
        None, description="where it comes from, for a system known by its addresses"
    )
    becomes: Becomes = Field(Becomes.TAKEN, description="or answered, as a handshake")
    is_signed: bool = Field(True, description="false: that system sends it without any proof")
    keys: tuple[str | None, ...] = Field(
        (None,), description="the deduplication key of each event it becomes"
    )
    answer: str | None = Field(None, description="the body of what the caller is told")

    @model_validator(mode="after")
    def _is_one_body(self) -> Self:
        forms = (self.body, self.form, self.multipart, self.text)
        if sum(form is not None for form in forms) > 1:
            raise ValueError("expected one of `body`, `form`, `multipart` and `text`")
        if self.text is not None and self.content_type is None:
            raise ValueError("`text` needs its `content_type`")
        return self

    def request(self, secret: str = "", verify_token: str = "") -> Request:
        """As the system sends it, with the secrets wherever they stand in the call itself."""
        fill = _Fill({SECRET_MARK: secret, VERIFY_MARK: verify_token})
        body, natural_type = self._body(fill)
        headers = {name.lower(): fill.text(text) for name, text in self.headers.items()}
        content_type = self.content_type or natural_type
        if content_type:
            headers["content-type"] = content_type
        query = urlencode(fill.texts(self.query))
        return Request(self.method, fill.text(self.path), query, headers, body)

    def _body(self, fill: "_Fill") -> tuple[bytes, str | None]:
        if self.form is not None:
            fields = urlencode(fill.texts(self.form))
            return fields.encode(), "application/x-www-form-urlencoded"
        if self.multipart is not None:
            kind = f"multipart/form-data; boundary={_BOUNDARY}"
            return _multipart(fill.texts(self.multipart)), kind
        if self.text is not None:
            return fill.text(self.text).encode(), None
        if self.body is not None:
            return orjson.dumps(fill.value(self.body)), "application/json"
        return b"", None


@dataclass(frozen=True, slots=True)
class _Fill:
    marks: Mapping[str, str] = field(repr=False)

    def text(self, text: str) -> str:
        for mark, secret in self.marks.items():
            text = text.replace(mark, secret)
        return text

    def texts(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {name: self.text(text) for name, text in texts.items()}

    def value(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {name: self.value(inner) for name, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, list) else value


def _multipart(fields: Mapping[str, str]) -> bytes:
    parts = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields.items()
    )
    return ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode()
