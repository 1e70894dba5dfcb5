"""`/check`: what is wrong with the configuration in use, also in the platforms' eyes."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.access import Whoever, refusals
from app.config.faults import Severity
from app.desk.desk import Desk
from app.live import check_live


class FaultShown(BaseModel):
    key: str
    severity: Severity
    reason: str
    hint: str | None


class Checked(BaseModel):
    """`unchecked`: rules that start trigger mailings, which no method lists."""

    revision: str
    is_good: bool = Field(description="there is no error; warnings may be")
    faults: list[FaultShown]
    unchecked: list[str]


def check_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/check", tags=["configuration"])

    @routes.get("", responses=refusals())
    async def check(_: Whoever) -> Checked:
        """As `bridge check --live`, of the configuration in use."""
        revision = desk.revision
        found = await check_live(revision, desk.scenarios)
        faults = [*revision.warnings, *found.faults]
        return Checked(
            revision=revision.id,
            is_good=all(fault.severity is not Severity.ERROR for fault in faults),
            faults=[
                FaultShown(key=f.key, severity=f.severity, reason=f.reason, hint=f.hint)
                for f in faults
            ],
            unchecked=list(found.unchecked),
        )

    return routes
