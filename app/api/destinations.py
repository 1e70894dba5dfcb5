"""`/destinations` and `/scenarios`: the platforms, and what they have."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.access import Whoever, refusals
from app.desk.desk import Desk
from app.desk.destination_state import DestinationState, state_of
from app.desk.refusals import NotFound
from app.kit.errors import BridgeError
from app.live import Unlisted
from app.outbox import Backlog, PauseKind
from app.revision.build import Platform


class DestinationShown(DestinationState):
    """`rate` and `concurrency` are those of the configuration; a worker goes slower while the
    platform asks for it."""

    name: str
    url: str
    rate: float | None = Field(description="requests a second at most; null: no limit")
    concurrency: int
    waiting: dict[str, int] = Field(description="deliveries that are not done, by state")
    oldest_at: str | None = Field(description="when the oldest of these was made")


class Destinations(BaseModel):
    items: list[DestinationShown]


class ScenarioShown(BaseModel):
    id: int
    name: str
    is_active: bool
    database: int | None
    mode: str | None = Field(description="what happens to a profile that is in it, in their word")


class ScenarioList(BaseModel):
    """`is_whole` false: there are more than could be read."""

    destination: str
    is_whole: bool
    items: list[ScenarioShown]


class NotListed(BridgeError):
    slug = "temporarily_unavailable"


def destination_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(tags=["configuration"])

    @routes.get("/destinations", responses=refusals())
    async def list_destinations(_: Whoever) -> Destinations:
        """Whether each takes starts, since when not and why, and what waits for it."""
        stopped = {one.destination: one for one in await desk.outbox.stoppages()}
        pauses = await desk.outbox.pauses()
        paused = {one.name: one for one in pauses if one.kind is PauseKind.DESTINATION}
        backlog = await desk.outbox.backlog()
        items = [
            _shown(platform, state_of(stopped.get(name), paused.get(name)), backlog)
            for name, platform in desk.revision.platforms.items()
        ]
        return Destinations(items=items)

    @routes.get("/scenarios", responses=refusals("not_found", "temporarily_unavailable"))
    async def list_scenarios(_: Whoever, destination: str | None = None) -> ScenarioList:
        """As the platform lists them, some seconds old at most. Without a destination: of the
        first of the file."""
        platforms = desk.revision.platforms
        name = destination or next(iter(platforms))
        if name not in platforms:
            raise NotFound("there is no such destination in the configuration")
        found = await desk.scenarios.of(platforms[name])
        if isinstance(found, Unlisted):
            raise NotListed(f'destination "{name}" lists no scenarios: {found.text}')
        items = [
            ScenarioShown(
                id=one.id,
                name=one.name,
                is_active=one.is_active,
                database=one.database,
                mode=one.mode,
            )
            for one in found.scenarios
        ]
        return ScenarioList(destination=name, is_whole=found.is_whole, items=items)

    return routes


def _shown(platform: Platform, state: DestinationState, backlog: list[Backlog]) -> DestinationShown:
    own = [one for one in backlog if one.destination == platform.name]
    oldest = min((one.oldest_at for one in own), default=None)
    return DestinationShown(
        **state.model_dump(),
        name=platform.name,
        url=str(platform.settings.url),
        rate=platform.settings.rate,
        concurrency=platform.settings.concurrency,
        waiting={one.state.value: one.count for one in own},
        oldest_at=oldest.isoformat() if oldest else None,
    )
