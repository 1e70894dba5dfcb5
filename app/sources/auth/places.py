"""Parts of a call: which of them a proof covers, and in which of them a secret stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import unquote_plus

from app.sources.auth.fields import FieldPath
from app.sources.call import Call

# Emptied whatever the source's own way is: nobody needs them afterwards.
_ALWAYS = frozenset({"authorization", "proxy-authorization", "cookie"})


class CallPart(StrEnum):
    BODY = "body"
    HEADERS = "headers"
    QUERY = "query"
    PATH = "path"
    METHOD = "method"


@dataclass(frozen=True, slots=True)
class SecretPlaces:
    """Where callers put what must not be kept. `fields` are of the decoded body, which is stored
    as received: they are masked where it is shown (see `without_fields`)."""

    headers: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    has_path: bool = False
    fields: tuple[FieldPath, ...] = ()
    _hidden: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hidden", self.headers | _ALWAYS)

    def clean_headers(self, call: Call) -> Mapping[str, str]:
        """The headers with those that hold a secret emptied."""
        headers = call.headers
        if self._hidden.isdisjoint(headers):
            return headers
        return {name: "" if name in self._hidden else text for name, text in headers.items()}

    def is_open(self, call: Call) -> bool:
        """True when nothing but headers can hold a secret of this call."""
        return not self.has_path and (not call.query or self.query.isdisjoint(call.query))

    def without_secrets(self, call: Call) -> Call:
        """The call with these headers and parameters emptied, and without the secret part of its
        path; the body stays."""
        headers = self.clean_headers(call)
        if headers is not call.headers:
            call = replace(call, headers=headers)
        if not self.query.isdisjoint(call.query):
            call = self._without_parameters(call)
        return _without_first_segment(call) if self.has_path else call

    def _without_parameters(self, call: Call) -> Call:
        query = {name: [""] if name in self.query else v for name, v in call.query.items()}
        raw = "&".join(self._emptied(pair) for pair in call.raw_query.split("&"))
        url = call.url.partition("?")[0] + "?" + raw
        return replace(call, query=query, raw_query=raw, url=url)

    def _emptied(self, pair: str) -> str:
        name, sign, _ = pair.partition("=")
        return name + sign if unquote_plus(name) in self.query else pair


def joined(places: Iterable[SecretPlaces]) -> SecretPlaces:
    known = list(places)
    return SecretPlaces(
        frozenset[str]().union(*(p.headers for p in known)),
        frozenset[str]().union(*(p.query for p in known)),
        any(p.has_path for p in known),
        tuple(dict.fromkeys(path for p in known for path in p.fields)),
    )


def _without_first_segment(call: Call) -> Call:
    rest = call.path.partition("/")[2]
    return replace(call, path=rest, url=_url_without_segment(call.url, call.source))


def _url_without_segment(url: str, source: str) -> str:
    base, mark, query = url.partition("?")
    before, hooks, after = base.partition(f"/hooks/{source}/")
    if hooks:
        rest = after.partition("/")[2]
        return before + hooks.rstrip("/") + (f"/{rest}" if rest else "") + mark + query
    # Written in a way that can't be cut: better no path than one with the secret.
    scheme, mark_of_host, rest = base.partition("://")
    return scheme + mark_of_host + rest.partition("/")[0] + mark + query
