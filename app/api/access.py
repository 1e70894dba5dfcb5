"""Who asks, and what that allows."""

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.desk.refusals import Forbidden
from app.model.operator import Operator
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
