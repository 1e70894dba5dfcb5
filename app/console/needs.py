"""What needs a person, as pages say it."""

from dataclasses import dataclass
from datetime import datetime

from app.concerns import concerns, words
from app.config.schema.notice import Language
from app.console.pages import address
from app.desk.desk import Desk
from app.model.concern import Concern, ConcernKind

_LANGUAGES = {one.value: one for one in Language}


@dataclass(frozen=True, slots=True)
class Need:
    """`href`: the page that shows more; None: there is none. With `is_quiet` somebody knows."""

    title: str
    counts: list[str]
    advice: str
    since: datetime
    is_critical: bool
    is_quiet: bool
    href: str | None


async def needs(desk: Desk, language: str) -> list[Need]:
    """What is critical first."""
    found = await concerns(desk.outbox, desk.current, desk.clock)
    return [need_of(one, language) for one in found]


def need_of(concern: Concern, language: str) -> Need:
    spoken = _LANGUAGES[language]
    return Need(
        title=words.title(concern, spoken),
        counts=words.counts(concern, spoken),
        advice=words.ADVICE[spoken][concern.advice],
        since=concern.since,
        is_critical=concern.severity.value == "critical",
        is_quiet=concern.is_quiet,
        href=_page_of(concern),
    )


def _page_of(concern: Concern) -> str | None:
    match concern.kind:
        case ConcernKind.PROBLEM:
            return address(f"/problems/{concern.cause}")
        case ConcernKind.DESTINATION_STOPPED | ConcernKind.WAITING_LONG:
            return address("/deliveries", destination=concern.cause, state="pending")
        case ConcernKind.SOURCE_REFUSED:
            return address(f"/sources/{concern.cause}")
        case ConcernKind.CONFIGURATION_REFUSED:
            return address("/check")
        case ConcernKind.STORE_UNAVAILABLE:
            return None
