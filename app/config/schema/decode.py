"""How the body of a call becomes one JSON value."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.config.schema.base import Bytes, Part
from app.kit.charsets import codec_name


class BodyForm(StrEnum):
    AUTO = "auto"
    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    QUERY = "query"
    XML = "xml"
    NDJSON = "ndjson"
    CLOUDEVENTS = "cloudevents"
    TEXT = "text"


def _known_charset(name: str) -> str:
    if codec_name(name) is None:
        raise ValueError("expected a charset such as utf-8 or windows-1251")
    return name


Charset = Annotated[str, StringConstraints(max_length=32), AfterValidator(_known_charset)]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Decode(Part):
    """Every limit that is passed refuses the call as undecodable."""

    # The presets are written in Python, where `as` is no name.
    model_config = ConfigDict(populate_by_name=True)

    form_: BodyForm = Field(
        BodyForm.AUTO,
        alias="as",
        description="what the body is; auto: by its content type, else by its first characters. "
        "query: the body is what stands in the URL's query. json, ndjson: JSON texts (a whole "
        "number beyond 64 bits is kept as a text). form, multipart: `a[b][c]` makes objects, "
        "indexes 0, 1, 2 without a gap make a list, a repeated name makes a list, files are left "
        "out but named. xml: `{root: {child: text}}` without namespaces, attributes as `@name`, "
        "the SOAP envelope left out. cloudevents: an object of attributes with `data`, or a list "
        "of them; auto knows them too. text: the body as one text",
    )
    json_fields: tuple[FieldName, ...] = Field(
        (), description="fields at the top of the body whose text is JSON, decoded in place"
    )
    lift: FieldName | None = Field(
        None,
        description="the field at the top whose value becomes the body; a body without it stays",
    )
    lists: tuple[FieldName, ...] = Field(
        (), description="XML elements that are a list even when there is only one of them"
    )
    charset: Charset | None = Field(
        None,
        description="how texts are written, whatever the call says, such as windows-1251; absent: "
        "as the call says, else utf-8",
    )
    max_depth: int = Field(
        32, ge=1, le=200, description="objects and lists within each other at most"
    )
    max_keys: int = Field(
        20_000, ge=1, le=1_000_000, description="values (texts, numbers, objects, lists) at most"
    )
    max_inflated: Bytes = Field(
        8 * 1024**2,
        gt=0,
        le=256 * 1024**2,
        description="size of a compressed body (gzip, deflate) once it is inflated",
    )
