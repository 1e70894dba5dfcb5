"""The whole file."""

from typing import Literal

from pydantic import Field, field_validator

from app.config.schema.base import Age, Name, Part, Seconds
from app.config.schema.destination import Destination
from app.config.schema.notice import Notice
from app.config.schema.rule import Rule
from app.config.schema.source import Source


class DeliverySettings(Part):
    """How this installation's workers behave."""

    lease: Seconds = Field(
        60.0, description="a worker that is silent for longer is lost: others take its deliveries"
    )
    poll: Seconds = Field(1.0, gt=0, description="how often to look for due deliveries, unasked")
    grace: Seconds = Field(20.0, ge=0, description="time to finish what is in flight at a stop")


class Retention(Part):
    """How long what is past is kept. What is not delivered yet is kept as long as it waits."""

    events: Age = Field(
        90 * 86_400.0,
        description="events with their deliveries and attempts, and deduplication keys: `90d`, or "
        "`never` to let none go",
    )
    dead: Age = Field(
        365 * 86_400.0,
        description="events with a dead letter that nobody has replayed or cancelled",
    )


class BridgeFile(Part):
    """Configuration of the Altcraft scenario bridge."""

    version: Literal[1] = Field(description="of this format")
    destinations: dict[Name, Destination] = Field(min_length=1, description="Altcraft platforms")
    sources: dict[Name, Source] = Field(min_length=1, description="who may call /hooks/NAME")
    rules: tuple[Rule, ...] = Field(description="asked in order; each that holds starts")
    delivery: DeliverySettings = Field(
        default_factory=DeliverySettings, description="how the workers of this installation behave"
    )
    retention: Retention = Field(
        default_factory=Retention, description="how long what is past is kept"
    )
    notices: tuple[Notice, ...] = Field(
        (), max_length=20, description="who is told when something needs a person"
    )

    @field_validator("notices")
    @classmethod
    def _have_names_of_their_own(cls, given: tuple[Notice, ...]) -> tuple[Notice, ...]:
        names = [one.name for one in given]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the name {twice[0]} is given twice")
        return given
