"""Who asks, and what that allows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.kit.clock import Clock
from app.kit.errors import BridgeError
from app.kit.ids import new_id
from app.live import Scenarios
from app.model.json import Json
from app.model.operator import Operator
from app.observe.counts import Counts
from app.outbox import Act, ActId, ActKind, Outbox
from app.revision import CurrentRevision, Revision
from app.web.problems import CONTENT_TYPE, PROBLEMS

# The guard has looked at it already: this is what stands in the reference.
_bearer = HTTPBearer(
    scheme_name="token",
    bearerFormat="bridge_...",
    description="made by `bridge token make NAME --role viewer|operator`",
    auto_error=False,
)
_SHAPE = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


class NotFound(BridgeError):
    slug = "not_found"


class Forbidden(BridgeError):
    slug = "forbidden"


class Conflict(BridgeError):
    """The state of what is asked for does not allow it."""

    slug = "conflict"


class Invalid(BridgeError):
    """A value can't be used. `more` says of it what a program can use."""

    slug = "invalid"

    def __init__(self, why: str, **more: Json) -> None:
        self.more = more
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the operator API works with."""

    outbox: Outbox
    current: CurrentRevision
    scenarios: Scenarios
    clock: Clock
    counts: Counts

    @property
    def revision(self) -> Revision:
        return self.current.revision

    def act(self, kind: ActKind, operator: Operator, subject: Mapping[str, Json]) -> Act:
        made = Act(ActId(new_id()), self.clock.now(), operator.name, kind)
        return replace(made, subject=subject)


async def _whoever(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Operator:
    operator = getattr(request.state, "operator", None)
    if not isinstance(operator, Operator):
        # Without the guard in front there is no way in.
        raise Forbidden("the operator API is not open here")
    return operator


async def _acting(operator: Annotated[Operator, Depends(_whoever)]) -> Operator:
    if not operator.may_act:
        raise Forbidden(f'the token "{operator.name}" is a viewer\'s: it may not change anything')
    return operator


Whoever = Annotated[Operator, Depends(_whoever)]
Acting = Annotated[Operator, Depends(_acting)]


def refusals(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """For the reference."""
    said: dict[int | str, dict[str, Any]] = {}
    for slug in ("unauthenticated", *slugs, "store_unavailable"):
        kind = PROBLEMS[slug]
        content = {CONTENT_TYPE: {"schema": _SHAPE}}
        said[kind.status] = {"description": kind.title, "content": content}
    return said
