"""Refusals as `application/problem+json` (RFC 9457): here alone slugs become status codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from app.model.json import Json

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:altcraft-bridge:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    status: int
    title: str


PROBLEMS: Mapping[str, ProblemType] = {
    "undecodable": ProblemType(400, "The body can't be decoded"),
    "bad_request": ProblemType(400, "The request can't be understood"),
    "unauthenticated": ProblemType(401, "The caller did not prove who it is"),
    "forbidden": ProblemType(403, "The token does not allow this"),
    "unknown_source": ProblemType(404, "There is no such source"),
    "not_found": ProblemType(404, "There is no such thing here"),
    "method_not_allowed": ProblemType(405, "The method is not used here"),
    "request_timeout": ProblemType(408, "The body did not come in time"),
    "conflict": ProblemType(409, "Its state does not allow this"),
    "too_large": ProblemType(413, "The body is larger than the source allows"),
    "unsupported_media": ProblemType(415, "The kind of body is not known"),
    "unmatched": ProblemType(422, "No rule takes this call"),
    "invalid": ProblemType(422, "A value can't be used"),
    "too_many_requests": ProblemType(429, "Too many calls"),
    "internal": ProblemType(500, "A failure of the bridge itself"),
    "busy": ProblemType(503, "Too many calls are under way"),
    "stopping": ProblemType(503, "The bridge is stopping"),
    "store_unavailable": ProblemType(503, "The call can't be stored now"),
    "temporarily_unavailable": ProblemType(503, "Not possible at this moment"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal. `detail` says what to do and holds nothing of the call or the rules."""

    slug: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Json] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return PROBLEMS[self.slug].status

    def body(self) -> bytes:
        kind = PROBLEMS[self.slug]
        shape = {
            "type": TYPE_PREFIX + self.slug,
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            **self.more,
        }
        return orjson.dumps(shape)
