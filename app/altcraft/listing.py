"""Scenarios as Altcraft lists them (guide "Automation scenarios", `workflows/list`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

import orjson

from app.model.json import Json
from app.model.outcome import Outcome

LIST_METHOD = "workflows/list"
_MAX_NAME = 300


class ListRequest(TypedDict):
    from_id: int
    limit: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """`database` is the number of the database whose profiles enter it; `mode` what happens to a
    profile that is in it already, in Altcraft's word."""

    id: int
    name: str
    is_active: bool
    database: int | None = None
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`next_id` is where the next page begins; None: there is none."""

    scenarios: tuple[Scenario, ...]
    next_id: int | None


def page_of(body: bytes) -> Page | None:
    """None when it is no list of scenarios."""
    try:
        said: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not isinstance(given := said.get("data"), list | None):
        return None
    following = said.get("next_from_id")
    is_number = isinstance(following, int) and following > 0
    return Page(tuple(_scenarios(given or [])), following if is_number else None)


def _scenarios(given: list[Json]) -> Iterator[Scenario]:
    for one in given:
        if isinstance(one, dict) and isinstance(number := one.get("id"), int):
            database, mode = one.get("list_id"), one.get("mode")
            yield Scenario(
                number,
                str(one.get("name") or "")[:_MAX_NAME],
                one.get("is_active") is True,
                database if isinstance(database, int) else None,
                mode if isinstance(mode, str) else None,
            )


Listed = Page | Outcome
"""Or what became of the request where there is no list."""
