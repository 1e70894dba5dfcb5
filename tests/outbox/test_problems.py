"""Dead letters of one cause are one problem, counted in the commit that makes them dead."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.model.delivery import Delivery, DeliveryState, Ending
from app.model.handling import Handling
from app.model.new_delivery import repeated_delivery
from app.model.outcome import OutcomeKind
from app.model.problem import Cause, Problem, ProblemState, cause_of
from app.model.start import Match, Target
from app.outbox import (
    Acceptance,
    ActKind,
    Ages,
    DeliveryFilter,
    Outbox,
    PersonName,
    ProblemFilter,
    Repeat,
    place,
)
from app.outbox.problems import BRIDGE
from tests.outbox.test_handling import accept, claim, settle
from tests.support.clock import ManualClock
from tests.support.values import AT, a_delivery, a_match, a_settlement, an_act, an_event

MALFORMED = Cause("main", Target.SCENARIO, 3, OutcomeKind.MALFORMED)
EXPIRED = replace(MALFORMED, outcome=Ending.EXPIRED)
ALL = 100


async def fail(
    outbox: Outbox,
    clock: ManualClock,
    count: int = 1,
    *,
    outcome: OutcomeKind = OutcomeKind.MALFORMED,
    match: Match | None = None,
    rule: str = "deal won",
) -> list[Delivery]:
    for _ in range(count):
        event = an_event(at=clock.now())
        made = a_delivery(event, at=clock.now(), matches=[match or a_match()], rule=rule)
        await outbox.accept([Acceptance(event, None, (made,))])
    claimed = await claim(outbox, ALL)
    # In one commit.
    done = [
        replace(
            a_settlement(one, owner="w1", at=clock.now()),
            state=DeliveryState.DEAD,
            outcome=outcome,
            reason="no use",
        )
        for one in claimed
    ]
    assert all(await outbox.settle(done))
    return claimed


async def problem(outbox: Outbox, cause: Cause = MALFORMED) -> Problem:
    found = await outbox.problem(cause)
    assert found is not None
    return found


async def replay(outbox: Outbox, dead: Sequence[Delivery], *, again: bool = False) -> None:
    act = an_act()
    repeats = [Repeat(one.id, repeated_delivery(one, AT, act.id)) for one in dead]
    assert len(await outbox.repeat(repeats, act, again=again)) == len(dead)


async def put(outbox: Outbox, state: ProblemState, cause: Cause = MALFORMED) -> bool:
    kinds = {
        ProblemState.OPEN: ActKind.REOPEN,
        ProblemState.ACKNOWLEDGED: ActKind.ACKNOWLEDGE,
        ProblemState.RESOLVED: ActKind.RESOLVE,
    }
    return await outbox.set_state(cause, state, an_act(kinds[state]), note="I see to it")


async def acts(outbox: Outbox) -> list[tuple[str, ActKind]]:
    return [(act.who, act.kind) for act in await outbox.acts(limit=ALL)]


async def test_dead_letters_of_one_cause_are_one_problem(
    outbox: Outbox, clock: ManualClock
) -> None:
    await fail(outbox, clock, 3)
    clock.pass_s(60)
    await fail(outbox, clock, 2)

    [found] = await outbox.problems(ProblemFilter(), limit=ALL)

    assert (found.cause, found.state, found.letters) == (MALFORMED, ProblemState.OPEN, 5)
    assert (found.first_at, found.opened_at) == (AT, AT)
    assert found.last_at == AT + timedelta(seconds=60)


async def test_each_cause_of_a_commit_is_a_problem_of_its_own(
    outbox: Outbox, clock: ManualClock
) -> None:
    for _ in range(3):
        await accept(outbox, clock)
    kinds = [OutcomeKind.MALFORMED, OutcomeKind.IN_DOUBT, OutcomeKind.ACCEPTED]
    done = [
        replace(
            a_settlement(one, owner="w1", at=clock.now()),
            state=DeliveryState.DONE if kind is OutcomeKind.ACCEPTED else DeliveryState.DEAD,
            outcome=kind,
        )
        for one, kind in zip(await claim(outbox), kinds, strict=True)
    ]

    await outbox.settle(done)

    found = await outbox.problems(ProblemFilter(), limit=ALL)
    assert {(one.cause.outcome, one.letters) for one in found} == {
        (OutcomeKind.MALFORMED, 1), (OutcomeKind.IN_DOUBT, 1),
    }  # fmt: skip


async def test_what_arrives_or_was_not_ours_is_no_problem(
    outbox: Outbox, clock: ManualClock
) -> None:
    await accept(outbox, clock)
    [claimed] = await claim(outbox)
    lost = replace(a_settlement(claimed, owner="another"), state=DeliveryState.DEAD)

    assert await outbox.settle([lost]) == [False]
    await settle(outbox, clock, claimed)

    assert await outbox.problems(ProblemFilter(), limit=ALL) == []


async def test_what_expires_is_a_problem_and_what_is_cancelled_none(
    outbox: Outbox, clock: ManualClock
) -> None:
    await accept(outbox, clock, Handling(expires_at=AT + timedelta(minutes=1)))
    await accept(outbox, clock, Handling(expires_at=AT + timedelta(minutes=2)))
    await accept(outbox, clock, rule="another")
    await outbox.cancel(DeliveryFilter(rule="another"), an_act(ActKind.CANCEL))

    clock.pass_s(61)
    await outbox.expire()
    clock.pass_s(60)
    await claim(outbox)

    [found] = await outbox.problems(ProblemFilter(), limit=ALL)
    assert (found.cause, found.letters) == (EXPIRED, 2)
    assert found.last_at == AT + timedelta(seconds=121)


async def test_a_problem_is_resolved_by_the_replay_of_its_last_dead_letter(
    outbox: Outbox, clock: ManualClock
) -> None:
    first, *others = await fail(outbox, clock, 3)

    await replay(outbox, [first])
    left = await problem(outbox)
    await replay(outbox, others)

    assert (left.state, left.letters) == (ProblemState.OPEN, 2)
    over = await problem(outbox)
    assert (over.state, over.letters, over.who) == (ProblemState.RESOLVED, 0, None)
    assert (BRIDGE, ActKind.RESOLVE) in await acts(outbox)
    await replay(outbox, [first], again=True)
    assert (await problem(outbox)).letters == 0


async def test_the_next_failure_opens_it_again(outbox: Outbox, clock: ManualClock) -> None:
    await fail(outbox, clock)
    assert await put(outbox, ProblemState.RESOLVED)
    clock.pass_s(60)

    await fail(outbox, clock)

    found = await problem(outbox)
    assert (found.state, found.letters, found.who) == (ProblemState.OPEN, 2, None)
    assert (found.first_at, found.opened_at) == (AT, AT + timedelta(seconds=60))
    assert await acts(outbox) == [(BRIDGE, ActKind.REOPEN), ("olga", ActKind.RESOLVE)]


async def test_one_that_is_acknowledged_stays_so_while_it_goes_on(
    outbox: Outbox, clock: ManualClock
) -> None:
    await fail(outbox, clock)
    assert await put(outbox, ProblemState.ACKNOWLEDGED)

    await fail(outbox, clock)

    found = await problem(outbox)
    assert (found.state, found.letters) == (ProblemState.ACKNOWLEDGED, 2)
    assert (found.who, found.note) == ("olga", "I see to it")
    assert await acts(outbox) == [("olga", ActKind.ACKNOWLEDGE)]


async def test_a_state_is_not_changed_where_that_says_nothing(
    outbox: Outbox, clock: ManualClock
) -> None:
    dead = await fail(outbox, clock)

    assert not await put(outbox, ProblemState.OPEN)
    assert not await put(outbox, ProblemState.RESOLVED, EXPIRED)
    await replay(outbox, dead)
    assert not await put(outbox, ProblemState.ACKNOWLEDGED)
    assert not await put(outbox, ProblemState.OPEN), "it has no dead letters"
    assert [kind for who, kind in await acts(outbox) if who == "olga"] == [ActKind.REPLAY]


async def test_people_rules_and_sources_are_counted(outbox: Outbox, clock: ManualClock) -> None:
    await fail(outbox, clock, 2, match=a_match("1"))
    await fail(outbox, clock, 1, match=a_match("2"), rule="another")
    assert (await problem(outbox)).touched is None

    assert await outbox.has_changed_problems()
    assert await outbox.look_through_some(limit=9) == 1

    touched = (await problem(outbox)).touched
    assert touched is not None
    assert (touched.people, touched.is_whole) == (2, True)
    assert (touched.rules, touched.sources) == (("another", "deal won"), ("crm",))
    assert not await outbox.has_changed_problems()
    assert not await outbox.look_through(MALFORMED)


async def test_what_changes_is_looked_through_again(outbox: Outbox, clock: ManualClock) -> None:
    [dead] = await fail(outbox, clock, 1, match=a_match("1"))
    await fail(outbox, clock, 1, match=a_match("2"))
    await outbox.look_through(MALFORMED)

    await replay(outbox, [dead])

    assert await outbox.look_through(MALFORMED)
    touched = (await problem(outbox)).touched
    assert touched is not None
    assert touched.people == 1


async def test_a_wrong_number_is_put_right(outbox: Outbox, clock: ManualClock) -> None:
    await fail(outbox, clock, 2)
    wrong = text("UPDATE problem SET letters = 7, changes = changes + 1")
    await outbox._writer.run(lambda c: c.execute(wrong))

    await outbox.look_through(MALFORMED)

    assert (await problem(outbox)).letters == 2


async def test_an_erased_dead_letter_counts_no_more(outbox: Outbox, clock: ManualClock) -> None:
    await fail(outbox, clock, 1, match=a_match("1"))
    await fail(outbox, clock, 1, match=a_match("2"))

    await outbox.forget([PersonName("custom", "1", "CRM_ID")], an_act(ActKind.FORGET))
    one_left = await problem(outbox)
    await outbox.forget([PersonName("custom", "2", "CRM_ID")], an_act(ActKind.FORGET))

    assert (one_left.state, one_left.letters) == (ProblemState.OPEN, 1)
    assert (await problem(outbox)).state is ProblemState.RESOLVED


async def test_a_dead_letter_that_is_past_counts_no_more(
    outbox: Outbox, clock: ManualClock
) -> None:
    await fail(outbox, clock)
    clock.pass_s(3000 * 86_400)

    await outbox.purge(Ages(events_s=86_400, dead_s=10 * 86_400), None, limit=ALL)

    assert (await problem(outbox)).state is ProblemState.RESOLVED


async def test_a_filter_finds_what_of_it_can_be_replayed(
    outbox: Outbox, clock: ManualClock
) -> None:
    first, second = await fail(outbox, clock, 2)
    await fail(outbox, clock, 1, outcome=OutcomeKind.IN_DOUBT)
    await replay(outbox, [first])

    of_it = await outbox.deliveries(DeliveryFilter(cause=MALFORMED), limit=ALL)
    of_scenario = await outbox.counts(DeliveryFilter(target=Target.SCENARIO, scenario=3))

    assert [one.id for one in of_it] == [second.id]
    assert sum(one.count for one in of_scenario) == 4
    assert await outbox.counts(DeliveryFilter(scenario=4)) == []


async def test_the_list_goes_on_page_by_page(outbox: Outbox, clock: ManualClock) -> None:
    kinds = [OutcomeKind.MALFORMED, OutcomeKind.IN_DOUBT, OutcomeKind.TEMPORARY]
    for kind in kinds:
        await fail(outbox, clock, outcome=kind)
    clock.pass_s(60)
    await fail(outbox, clock, outcome=OutcomeKind.UNREADABLE)

    seen: list[Problem] = []
    before = None
    while page := await outbox.problems(ProblemFilter(before=before), limit=2):
        seen += page
        before = place(page[-1])

    assert [one.cause.outcome for one in seen] == [
        OutcomeKind.UNREADABLE, OutcomeKind.IN_DOUBT, OutcomeKind.MALFORMED, OutcomeKind.TEMPORARY,
    ]  # fmt: skip


async def test_the_list_can_leave_out_what_is_over(outbox: Outbox, clock: ManualClock) -> None:
    await fail(outbox, clock)
    await fail(outbox, clock, outcome=OutcomeKind.IN_DOUBT)
    await put(outbox, ProblemState.RESOLVED)

    async def found(wanted: ProblemFilter) -> list[Cause]:
        return [one.cause for one in await outbox.problems(wanted, limit=ALL)]

    assert await found(ProblemFilter(is_over=True)) == [MALFORMED]
    assert await found(ProblemFilter(state=ProblemState.RESOLVED)) == [MALFORMED]
    assert len(await found(ProblemFilter(is_over=False))) == 1


async def test_failures_in_several_processes_at_once_are_all_counted(
    outbox: Outbox, url: str, clock: ManualClock
) -> None:
    for _ in range(30):
        await accept(outbox, clock)
    claimed = await claim(outbox, ALL)
    kinds = [OutcomeKind.MALFORMED, OutcomeKind.IN_DOUBT]
    async with Outbox.open(url, clock=clock) as second, Outbox.open(url, clock=clock) as third:
        outboxes = [outbox, second, third]

        await asyncio.gather(
            *(settle(outboxes[n % 3], clock, one, kinds[n % 2]) for n, one in enumerate(claimed))
        )

    found = await outbox.problems(ProblemFilter(), limit=ALL)
    assert {one.cause.outcome: one.letters for one in found} == dict.fromkeys(kinds, 15)


@pytest.mark.parametrize(
    "cause",
    [
        MALFORMED,
        Cause("a-b_1", Target.TRIGGER, -7, Ending.EXPIRED),
        Cause("main", Target.SCENARIO, 2**63 - 1, OutcomeKind.IN_DOUBT),
    ],
)
def test_the_key_of_a_cause_names_it(cause: Cause) -> None:
    assert cause_of(cause.key) == cause
    assert cause.key.replace(".", "").replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "key",
    ["", "main", "main.scenario.3", "main.scenario.x.malformed", "main.scenario.3.nonsense",
     "main.rule.3.malformed", "Main.scenario.3.malformed", f"main.scenario.{2**63}.malformed",
     "main.scenario.3.malformed\n"],
)  # fmt: skip
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no scenario|nonsense"):
        cause_of(key)


async def test_what_an_older_version_left_is_found(outbox: Outbox, clock: ManualClock) -> None:
    """It makes dead letters and takes them away without a word of their problem."""
    dead = await fail(outbox, clock, 2)
    await fail(outbox, clock, outcome=OutcomeKind.IN_DOUBT)
    forgotten = text("DELETE FROM problem WHERE outcome = 'in_doubt'")
    replayed = text("UPDATE delivery SET replayed_as = id WHERE outcome = 'malformed'")
    await outbox._writer.run(lambda c: (c.execute(forgotten), c.execute(replayed)))

    assert await outbox.count_problems_again() == 2
    await outbox.look_through_some(limit=9)

    assert len(dead) == 2
    assert ((await problem(outbox)).state, (await problem(outbox)).letters) == (
        ProblemState.RESOLVED, 0,
    )  # fmt: skip
    found = await problem(outbox, replace(MALFORMED, outcome=OutcomeKind.IN_DOUBT))
    assert (found.state, found.letters) == (ProblemState.OPEN, 1)
    assert await outbox.count_problems_again() == 0


async def test_a_problem_that_is_over_still_says_whom_it_met(
    outbox: Outbox, clock: ManualClock
) -> None:
    dead = await fail(outbox, clock, 2)
    await outbox.look_through(MALFORMED)

    await replay(outbox, dead)
    await outbox.look_through(MALFORMED)

    touched = (await problem(outbox)).touched
    assert touched is not None
    assert touched.people == 1
