"""`/forget`: erases what is stored of a person. What names the person is posted, and stands on no
page after that but in the form that confirms it and goes on."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app.console.house import House
from app.console.pages import address
from app.console.visitors import ActingVisitor
from app.desk.asked import Text
from app.desk.forget import ForgetAsked, ForgottenShown, forget_person
from app.desk.refusals import Invalid
from app.lookup import NotUnderstood
from app.outbox import ActId

NAMES = ("email", "phone", "crm_id", "profile_id")


class ForgetForm(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: Text = None
    phone: Text = None
    crm_id: Text = None
    profile_id: Text = None
    next: Text = None
    under_way: int = Field(0, ge=0)
    others: int = Field(0, ge=0)
    proof: Text = None

    def given(self) -> dict[str, str]:
        return {name: text for name in NAMES if (text := getattr(self, name)) and text.strip()}

    def asked(self, *, dry_run: bool) -> ForgetAsked:
        return ForgetAsked(**self.given(), next=self.next, dry_run=dry_run)


def forget_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/forget")
    desk, page = house.desk, house.pages.page

    @routes.get("")
    async def ask(request: Request, _: ActingVisitor) -> Response:
        return page(request, "history/forget", names=NAMES, wrong=None)

    @routes.post("")
    async def confirm(
        request: Request, visitor: ActingVisitor, form: Annotated[ForgetForm, Form()]
    ) -> Response:
        try:
            found = await forget_person(desk, visitor.operator, form.asked(dry_run=True))
        except (Invalid, NotUnderstood) as error:
            return page(request, "history/forget", 422, names=NAMES, wrong=str(error))
        return page(request, "history/forget_confirm", given=form.given(), found=found)

    @routes.post("/do")
    async def step(
        request: Request, visitor: ActingVisitor, form: Annotated[ForgetForm, Form()]
    ) -> Response:
        done = await forget_person(desk, visitor.operator, form.asked(dry_run=False))
        under_way, others = form.under_way + done.under_way, form.others + done.others
        if done.next is None:
            return _over(done, under_way, others)
        return page(
            request,
            "history/forget_goes",
            given=form.given(),
            next=done.next,
            under_way=under_way,
            others=others,
            act=await desk.outbox.act(ActId(done.act or "")),
        )

    @routes.get("/done")
    async def over(
        request: Request, _: ActingVisitor, act: str, under_way: int = 0, others: int = 0
    ) -> Response:
        found = await desk.outbox.act(ActId(act))
        return page(request, "history/forget_done", act=found, under_way=under_way, others=others)

    return routes


def _over(done: ForgottenShown, under_way: int, others: int) -> RedirectResponse:
    counts = {"under_way": under_way or None, "others": others or None}
    return RedirectResponse(address("/forget/done", act=done.act, **counts), 303)
