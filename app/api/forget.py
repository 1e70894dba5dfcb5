"""`/forget`: erases what is stored of a person."""

from fastapi import APIRouter

from app.api.access import Acting, refusals
from app.desk.desk import Desk
from app.desk.forget import ForgetAsked, ForgottenShown, forget_person


def forget_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/forget", tags=["people"])

    @routes.post("", responses=refusals("forbidden", "invalid"))
    async def forget(operator: Acting, asked: ForgetAsked) -> ForgottenShown:
        """Erase calls, whom starts were for, and their content. There is no way back."""
        return await forget_person(desk, operator, asked)

    return routes
