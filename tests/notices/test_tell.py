"""What needs a person arrives where it is to arrive, once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.concerns.gather import of_problem
from app.config.schema.notice import Notice
from app.kit.secret import Secret
from app.model.concern import Advice, Concern, ConcernKind, Severity
from app.model.outcome import OutcomeKind
from app.model.problem import Cause, Problem, ProblemState, Touched
from app.model.start import Target
from app.notices import NotSent, Teller, send, try_out
from app.outbox import Outbox, StoreUnavailable
from app.revision.channels import Channel
from tests.notices.inbox import Inbox, an_inbox
from tests.support.clock import ManualClock
from tests.support.values import AT

PATH = "services/T0/B0/very-secret"
BROKEN = Problem(
    Cause("main", Target.SCENARIO, 3, OutcomeKind.SCENARIO_UNAVAILABLE),
    ProblemState.OPEN,
    letters=12,
    first_at=AT,
    last_at=AT,
    opened_at=AT,
    changed_at=AT,
    who=None,
    note="call Ivan, +79000000000",
    touched=Touched(10, True, ("welcome",), ("crm",)),
)
CONCERN = of_problem(BROKEN)
WAITING = Concern(
    ConcernKind.WAITING_LONG, "main", Severity.CRITICAL, AT, Advice.CHECK_WORKERS,
    "/api/v1/destinations", {"destination": "main"}, begins_anew=False,
)  # fmt: skip


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with an_inbox() as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def outboxes(url: str, clock: ManualClock) -> AsyncIterator[list[Outbox]]:
    """As of processes of their own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Outbox.open(url, clock=clock, rng=Random(n)))
            for n in range(3)
        ]


def a_channel(inbox: Inbox, *, path: str = PATH, **given: Any) -> Channel:
    values = {"name": "night", "shape": "slack", "url": {"env": "SLACK"}, **given}
    return Channel(Notice.model_validate(values), Secret(f"{inbox.url}/{path}"))


class Office:
    """Several processes that see the same; `concerns` is what needs a person."""

    def __init__(self, outboxes: Sequence[Outbox], channel: Channel, clock: ManualClock) -> None:
        self.concerns: list[Concern] = [CONCERN]
        self._tellers = [
            Teller(outbox, lambda: [channel], self._look, clock, Random(n), owner=f"process {n}")
            for n, outbox in enumerate(outboxes)
        ]

    async def _look(self) -> list[Concern]:
        return self.concerns

    async def once(self) -> None:
        """All at the same moment."""
        await asyncio.gather(*(teller.once() for teller in self._tellers))


async def test_all_processes_together_tell_it_once_and_that_it_is_over(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    office = Office(outboxes, a_channel(inbox), clock)

    for _ in range(3):
        await office.once()
        clock.pass_s(10)
    office.concerns.clear()
    for _ in range(3):
        await office.once()
        clock.pass_s(200)

    began, over = inbox.bodies
    assert began["text"].splitlines() == [
        "Altcraft bridge: something needs you",
        "• Starts fail: scenario 3 at main: it does not exist or is not active",
        "  dead letters: 12, people: 10, since 2026-01-01 00:00 UTC",
        "  bridge problems show main.scenario.3.scenario_unavailable",
        "  → activate it in Altcraft or correct its number, then replay",
    ]
    assert over["text"] == "✓ Over: problem main.scenario.3.scenario_unavailable"


async def test_what_is_refused_is_tried_again_until_it_is_taken(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    office = Office(outboxes, a_channel(inbox), clock)
    inbox.answers += [500, 429]

    with capture_logs() as lines:
        for _ in range(6):
            await office.once()
            clock.pass_s(100)

    assert len(inbox.got) == 3
    events = [line["event"] for line in lines]
    assert events == ["notice.not_sent", "notice.not_sent", "notice.sent"]


async def test_it_waits_as_long_as_the_other_side_asks(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    office = Office(outboxes, a_channel(inbox), clock)
    inbox.answers, inbox.headers = [429], {"Retry-After": "1000"}

    await office.once()
    clock.pass_s(900)
    await office.once()
    waited = len(inbox.got)
    clock.pass_s(101)
    await office.once()

    assert (waited, len(inbox.got)) == (1, 2)


async def test_many_at_once_are_one_short_message(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    office = Office(
        outboxes, a_channel(inbox, language="ru", link="https://b.example/console"), clock
    )
    office.concerns = [replace(CONCERN, cause=f"main.scenario.{n}.malformed") for n in range(25)]

    await office.once()

    [body] = inbox.bodies
    lines = body["text"].splitlines()
    assert lines[0] == "Мост Altcraft: нужен человек"
    assert lines[-2:] == ["и ещё 15", "https://b.example/console"]


async def test_telegram_is_told_by_a_bot(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    given = {"shape": "telegram", "url": None, "token": {"env": "BOT"}, "chat": "-100"}
    office = Office(outboxes, a_channel(inbox, path="bot123:abc/sendMessage", **given), clock)

    await office.once()

    [(path, body)] = inbox.got
    assert (path, body["chat_id"]) == ("/bot123:abc/sendMessage", "-100")
    assert body["text"].startswith("Altcraft bridge")


async def test_programs_are_told_by_keys_that_stay(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    office = Office(outboxes, a_channel(inbox, shape="json"), clock)

    await office.once()

    [body] = inbox.bodies
    assert body["concerns"] == [
        {
            "kind": "problem",
            "cause": "main.scenario.3.scenario_unavailable",
            "is_over": False,
            "severity": "critical",
            "since": "2026-01-01T00:00:00+00:00",
            "advice": "activate_scenario",
            "where": "/api/v1/problems/main.scenario.3.scenario_unavailable",
            "about": {
                "destination": "main", "target": "scenario", "scenario": 3,
                "outcome": "scenario_unavailable", "letters": 12, "people": 10, "rules": "welcome",
            },
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kinds": ["waiting_long"]}, ["waiting_long"]),
        ({"severity": "critical"}, ["waiting_long"]),
        ({}, ["problem", "waiting_long"]),
    ],
)
async def test_who_wants_to_hear_of_some_hears_of_these(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock, given: dict[str, Any], told: list[str]
) -> None:
    office = Office(outboxes, a_channel(inbox, shape="json", **given), clock)
    office.concerns = [replace(CONCERN, severity=Severity.WARNING), WAITING]

    await office.once()

    assert [one["kind"] for one in inbox.bodies[0]["concerns"]] == told


async def test_no_address_no_token_and_no_person_is_in_a_notice_or_a_line_of_the_log(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    channel = a_channel(inbox)
    office = Office(outboxes, channel, clock)
    inbox.answers += [500]

    with capture_logs() as lines:
        await office.once()
        clock.pass_s(100)
        await office.once()

    told = f"{lines}{inbox.bodies}{channel!r}"
    assert "very-secret" not in told
    assert "79000000000" not in told


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://a:99999999/", "ftp://a/", "nonsense"]
)
async def test_whatever_goes_wrong_does_not_quote_the_address(inbox: Inbox, url: str) -> None:
    channel = replace(a_channel(inbox), url=Secret(f"{url}very-secret"))

    with pytest.raises(NotSent) as failed:
        await send(channel, try_out(channel.settings, AT))

    assert failed.value.why.isidentifier()
    assert "very-secret" not in str(failed.value)


async def test_who_does_not_answer_is_not_waited_for(inbox: Inbox) -> None:
    inbox.answers.append(0)

    with pytest.raises(NotSent, match="no answer within"):
        await send(a_channel(inbox), {}, limit_s=0.2)


async def test_while_the_store_takes_no_writes_nothing_is_told(
    outboxes: list[Outbox], inbox: Inbox, clock: ManualClock
) -> None:
    office = Office(outboxes[:1], a_channel(inbox), clock)
    office.concerns = [
        replace(WAITING, kind=ConcernKind.STORE_UNAVAILABLE, since=AT + timedelta(hours=1))
    ]

    with pytest.raises(StoreUnavailable):
        await office.once()

    assert inbox.got == []


def test_a_try_out_says_so(tmp_path: Path) -> None:
    for shape in ("json", "slack"):
        settings = a_channel(Inbox(url="http://x"), shape=shape).settings

        assert "try-out" in str(try_out(settings, AT))
