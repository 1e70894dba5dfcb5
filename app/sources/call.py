"""One HTTP request to a source, before anybody has said that it may come in."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from urllib.parse import parse_qs

from app.kit.light import light, maker

_MAX_PARAMETERS = 1000


def query_parameters(raw: str) -> Mapping[str, Sequence[str]]:
    """Each parameter's values in order. Raises ValueError for too many."""
    return parse_qs(raw, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS) if raw else {}


@light
class Call:
    """`headers` have lower-case names, repeated ones joined by a comma; `path` is what follows
    `/hooks/{source}/`, without the leading slash; `url` is the address as the caller wrote it
    (`BRIDGE_PUBLIC_URL` in front when that is set), with the query; `query` holds each
    parameter's values in order; `client` is the caller's address behind trusted proxies.
    """

    source: str
    method: str
    path: str
    url: str
    raw_query: str
    query: Mapping[str, Sequence[str]] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    client: str | None = None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


make_call = maker(Call)
