"""`/acts`: what operators did."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.console.history.sought import PAGE
from app.console.house import House
from app.console.pages import address
from app.console.visitors import Visiting
from app.desk.asked import cut
from app.outbox import Act, ActId, ActKind

_MOST_LINKS = 5


@dataclass(frozen=True, slots=True)
class Deed:
    """`subject`: what was asked for, in words. `links`: addresses of what was named by its id;
    `made`: of the deliveries that came of it."""

    act: Act
    subject: list[tuple[str, str]]
    links: list[tuple[str, str]]
    made: str | None


def act_routes(house: House) -> APIRouter:
    routes = APIRouter()

    @routes.get("/acts")
    async def list_acts(request: Request, _: Visiting, before: str = "") -> Response:
        last = ActId(before) if before else None
        found = await house.desk.outbox.acts(before=last, limit=PAGE + 1)
        items, following = cut(found, PAGE)
        return house.pages.page(
            request,
            "history/acts",
            deeds=[deed(act) for act in items],
            following=following,
            is_first=not before,
        )

    return routes


def deed(act: Act) -> Deed:
    words, links = [], []
    for name, value in act.subject.items():
        path = {"ids": "/deliveries/", "events": "/events/"}.get(name)
        if path and isinstance(value, list):
            links += [(str(one), address(f"{path}{one}")) for one in value[:_MOST_LINKS]]
            if len(value) > _MOST_LINKS:
                words.append((name, f"+{len(value) - _MOST_LINKS}"))
        elif isinstance(value, list):
            words.append((name, ", ".join(map(str, value))))
        else:
            words.append((name, str(value)))
    makes = act.kind is ActKind.REPLAY and act.count > 0
    return Deed(act, words, links, address("/deliveries", act=act.id) if makes else None)
