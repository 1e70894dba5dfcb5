"""Who looks at a page, and how they like it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request

from app.desk.refusals import Forbidden
from app.kit.light import light
from app.model.operator import Operator

LANGUAGES = ("en", "ru")
LANGUAGE_COOKIE = "bridge_language"


@light
class Visitor:
    """`proof` is what their forms carry."""

    operator: Operator
    proof: str

    @property
    def may_act(self) -> bool:
        return self.operator.may_act


def language_of(cookie: str | None, accepted: str) -> str:
    """The one they chose, else the first that their browser asks for and there is."""
    if cookie in LANGUAGES:
        return cookie
    for wanted in _by_weight(accepted):
        if wanted[:2] in LANGUAGES:
            return wanted[:2]
    return LANGUAGES[0]


def _by_weight(accepted: str) -> Sequence[str]:
    weighed: list[tuple[float, str]] = []
    for part in accepted[:200].split(","):
        name, _, weight = part.strip().lower().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name))
        except ValueError:
            continue
    return [name for _, name in sorted(weighed, key=lambda one: one[0])]


async def _visitor(request: Request) -> Visitor:
    visitor = getattr(request.state, "visitor", None)
    if not isinstance(visitor, Visitor):
        # Without the gate in front there is no way in.
        raise Forbidden("the console is not open here")
    return visitor


async def _acting(visitor: Annotated[Visitor, Depends(_visitor)]) -> Visitor:
    if not visitor.may_act:
        raise Forbidden("a viewer may not change anything")
    return visitor


Visiting = Annotated[Visitor, Depends(_visitor)]
ActingVisitor = Annotated[Visitor, Depends(_acting)]
