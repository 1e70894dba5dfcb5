"""The pages that are measured: addresses on a store of `bench.busy`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from app.kit.clock import SystemClock
from bench import busy

_CONSOLE = {
    "audit log": "acts",
    "sources": "sources",
    "a source": "sources/source-3",
    "listen to a source": "sources/source-3/listen",
    "rules": "rules",
    "a rule": "rules/rule-4",
    "presets": "sources/presets",
    "a preset": "sources/presets/bitrix24",
    "check": "check",
    "playground": "playground",
}
_EVENTS = {
    "all": "",
    "of a source": "source=source-3",
    "ignored": "status=ignored",
    "ignored of a source": "status=ignored&source=source-3",
    "accepted of a source": "status=accepted&source=source-3",
    "of a source that is no more": "source=gone",
    "accepted of a source that is no more": "status=accepted&source=gone",
    "before the middle": "until={middle}",
    "of a source before the middle": "source=source-3&until={middle}",
    "ignored since the middle": "status=ignored&since={middle}",
}
_DELIVERIES = {
    "all": "",
    "of a source": "source=source-3",
    "of a rule": "rule=rule-4",
    "of a rare rule": "rule=rule-19",
    "of a destination": "destination=main",
    "of a rare destination": "destination=rare",
    "of a rare destination, done": "destination=rare&state=done",
    "done": "state=done",
    "done of a rule and another source": "state=done&rule=rule-4&source=source-3",
    "pending": "state=pending",
    "dead": "state=dead",
    "dead of a rule": "state=dead&rule=rule-4",
    "dead of a rare rule": "state=dead&rule=rule-19",
    "malformed": "outcome=malformed",
    "malformed of a rare destination and rule": "destination=rare&rule=rule-19&outcome=malformed",
    "expired of a rule without one": "rule=rule-5&outcome=expired",
    "cancelled": "outcome=cancelled",
    "replayed": "replayed=true",
    "before the middle": "until={middle}",
    "of a rare destination before the middle": "destination=rare&until={middle}",
    "of a rule before the middle": "rule=rule-4&until={middle}",
    "dead since the middle": "state=dead&since={middle}",
}
_CHOSEN = {
    "a rule": "rule=rule-4",
    "what is dead": "state=dead",
    "what is done": "state=done",
    "what is done at a rare destination": "state=done&destination=rare",
    "a rare destination": "destination=rare",
    "an outcome": "outcome=malformed",
}
_API = {
    "sources": "sources",
    "rules": "rules",
    "destinations": "destinations",
    "problems": "problems",
    "problems that are over": "problems?state=resolved",
    "concerns": "concerns",
    "acts": "acts",
    "traffic of an hour by minutes": "traffic?since=1h&step=1m",
    "traffic of a day": "traffic?since=1d",
    "traffic of a day by hours": "traffic?since=1d&step=1h",
    "traffic of a week by hours": "traffic?since=7d&step=1h",
    "traffic of a month by days": "traffic?since=30d&step=1d",
}


@dataclass(frozen=True, slots=True)
class Page:
    """`form`: posted instead of asked for; without the proof, which is added."""

    name: str
    path: str
    form: Mapping[str, str] | None = None


def proof_of(browser: httpx.Client) -> str:
    found = re.search(r'name="proof" value="(\w+)"', browser.get("/console/forget").text)
    return found.group(1) if found else ""


def every_page(browser: httpx.Client) -> Iterator[Page]:
    """As a visitor who is logged in may see them."""
    now = SystemClock().now()
    middle = (now - timedelta(days=busy.DAYS / 2)).isoformat(timespec="seconds").replace("+", "%2B")
    yield from _of_console()
    yield from _of_one(browser)
    for name, query in _EVENTS.items():
        yield Page(f"events, {name}", f"/console/events?{query.format(middle=middle)}")
        yield Page(f"API events, {name}", f"/api/v1/events?{query.format(middle=middle)}")
    for name, query in _DELIVERIES.items():
        yield Page(f"deliveries, {name}", f"/console/deliveries?{query.format(middle=middle)}")
        yield Page(f"API deliveries, {name}", f"/api/v1/deliveries?{query.format(middle=middle)}")
    for name, query in _CHOSEN.items():
        for doing in ("replay", "cancel") if name == "a rule" else ("replay",):
            yield Page(f"{doing} all of {name}?", f"/console/deliveries/all/{doing}?{query}")
    yield Page("forget somebody?", "/console/forget", {"crm_id": busy.KNOWN})
    yield from _of_person(browser)
    yield from (Page(f"API {name}", f"/api/v1/{path}") for name, path in _API.items())


def _of_console() -> Iterator[Page]:
    for name in ("hour", "day", "week"):
        yield Page(f"overview, {name}", f"/console/?range={name}")
    yield from (Page(name, f"/console/{path}") for name, path in _CONSOLE.items())


def _of_one(browser: httpx.Client) -> Iterator[Page]:
    """The first event, the first delivery and the first problem that their lists name."""
    for name, listed in (("event", "events"), ("delivery", "deliveries"), ("problem", "problems")):
        answer = browser.get(f"/console/{listed}")
        link = re.search(rf'"(/console/{listed}/[^"/?]+)["?]', answer.text)
        if answer.status_code == 200 and link:
            yield Page(f"{name} of the list", link.group(1))


def _of_person(browser: httpx.Client) -> Iterator[Page]:
    form = {"kind": "crm_id", "value": busy.KNOWN, "proof": proof_of(browser)}
    for to in ("events", "deliveries"):
        found = browser.post("/console/people", data={**form, "to": to}, follow_redirects=False)
        yield Page(f"{to} of a person", found.headers["location"])
