"""Finds a person: the value is posted, and what the address of the list holds then is a digest
that only this store can make."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from app.console.house import House
from app.console.pages import address
from app.console.visitors import Visiting
from app.desk.asked import Person

Kind = Literal["email", "phone", "crm_id", "profile_id"]


def people_routes(house: House) -> APIRouter:
    routes = APIRouter()

    @routes.post("/people")
    async def find(
        _: Visiting,
        kind: Annotated[Kind, Form()],
        value: Annotated[str, Form(min_length=1, max_length=400)],
        to: Annotated[Literal["events", "deliveries"], Form()] = "events",
    ) -> Response:
        digests = Person(**{kind: value}).digests(house.desk)
        return RedirectResponse(address(f"/{to}", person=",".join(map(str, digests))), 303)

    return routes
