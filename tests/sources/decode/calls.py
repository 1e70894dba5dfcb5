"""Calls to decode, and plans to decode them by."""

from collections.abc import Mapping
from datetime import UTC, datetime

from app.config.schema.decode import Decode
from app.model.json import Json
from app.sources.call import Call
from app.sources.decode import DecodePlan, build_decode, decode

FORM = "application/x-www-form-urlencoded"


def call(
    body: bytes | str,
    content_type: str = "",
    headers: Mapping[str, str] | None = None,
    query: str = "",
) -> Call:
    stated = {"content-type": content_type} if content_type else {}
    return Call(
        source="forms",
        method="POST",
        path="",
        url=f"/hooks/forms?{query}",
        raw_query=query,
        query={},
        headers={**stated, **(headers or {})},
        body=body.encode() if isinstance(body, str) else body,
        received_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def plan(**keys: object) -> DecodePlan:
    """By the keys of the file: `plan(**{"as": "json"}, max_depth=3)`."""
    return build_decode(Decode.model_validate(keys))


def decoded(body: bytes | str, content_type: str = "", **keys: object) -> Json:
    return decode(call(body, content_type), plan(**keys))
