"""The worker, on a real store, against a stand-in for Altcraft."""

import pytest
from structlog.testing import capture_logs

from app.delivery.worker import WorkerLimits
from app.model.delivery import DeliveryState
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match, Matching
from app.sandbox import Fault, FaultKind
from tests.delivery.bench import Bench, Shaky, by_name
from tests.support.sandboxes import TOKEN
from tests.support.values import a_match


async def test_what_is_accepted_is_started_and_recorded(bench: Bench) -> None:
    async with bench.working():
        delivery = await bench.final(await bench.accept())

    assert (delivery.state, delivery.outcome) == (DeliveryState.DONE, OutcomeKind.ACCEPTED)
    [attempt] = await bench.outbox.attempts(delivery.id)
    assert (attempt.http_status, attempt.altcraft_error, attempt.in_doubt) == (200, 0, False)
    assert [e.person for e in bench.sandbox.journal.starts] == ["CRM_ID=12345"]


async def test_each_attempt_has_a_name_that_both_sides_know(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.HTTP_STATUS, times=1))

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    ids = [entry.request_id for entry in bench.sandbox.journal.after(0, 9)]
    assert ids == [f"{delivery.id}-1", f"{delivery.id}-2"]


async def test_an_unknown_profile_falls_through_to_the_next_match(bench: Bench) -> None:
    async with bench.working():
        delivery = await bench.final(
            await bench.accept(
                Match(Matching.EMAIL, "nobody@example.com"),
                Match(Matching.PHONE, "+79000000000"),
            )
        )

    assert delivery.state is DeliveryState.DONE
    assert delivery.match_index == 1
    assert await bench.outcomes(delivery) == [OutcomeKind.UNKNOWN_PROFILE, OutcomeKind.ACCEPTED]


async def test_a_person_that_altcraft_does_not_know_by_any_match_is_a_dead_letter(
    bench: Bench,
) -> None:
    async with bench.working():
        delivery = await bench.final(await bench.accept(a_match("no such"), a_match("nor this")))

    assert (delivery.state, delivery.outcome) == (DeliveryState.DEAD, OutcomeKind.UNKNOWN_PROFILE)
    assert bench.sandbox.journal.starts == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.ERROR, code=400, text="Incorrect request"),
        Fault(kind=FaultKind.ERROR, code=404, text="Profile not found"),
        Fault(kind=FaultKind.HTML, times=6),
    ],
)
async def test_a_platform_that_goes_on_failing_is_never_taken_for_success(
    bench: Bench, fault: Fault
) -> None:
    bench.sandbox.put(fault)

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    assert delivery.state is DeliveryState.DEAD
    assert bench.sandbox.journal.starts == []


async def test_a_platform_that_fails_for_a_while_gets_it_in_the_end(bench: Bench) -> None:
    bench.sandbox.put(
        Fault(kind=FaultKind.HTTP_STATUS, status=503, times=2),
        Fault(kind=FaultKind.ERROR, code=500, text="busy", times=1),
    )

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    assert delivery.state is DeliveryState.DONE
    assert delivery.attempts == 4
    assert len(bench.sandbox.journal.starts) == 1


async def test_a_start_cut_off_after_sending_is_held_when_the_rule_says_hold(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.CUT_AFTER_READING))

    async with bench.working():
        delivery = await bench.final(await bench.accept(in_doubt=InDoubt.HOLD))

    assert (delivery.state, delivery.outcome) == (DeliveryState.DEAD, OutcomeKind.IN_DOUBT)
    assert len(bench.sandbox.journal.starts) == 1


async def test_a_start_cut_off_after_sending_is_sent_again_when_the_rule_says_retry(
    bench: Bench,
) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.CUT_AFTER_READING, times=1))

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    doubts = [attempt.in_doubt for attempt in await bench.outbox.attempts(delivery.id)]
    assert doubts == [True, False]
    assert len(bench.sandbox.journal.starts) == 2


async def test_no_more_are_in_flight_than_the_destination_allows(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.02))
    lane = bench.lane(concurrency=3)
    seen = 0

    async with bench.working(lane):
        deliveries = [await bench.accept() for _ in range(20)]
        for delivery in deliveries:
            seen = max(seen, lane.in_flight)
            await bench.final(delivery)

    assert 0 < seen <= 3
    assert len(bench.sandbox.journal.starts) == 20


async def test_deliveries_of_a_destination_that_is_gone_wait_until_it_is_back(
    bench: Bench,
) -> None:
    limits = WorkerLimits(lease_s=30, poll_s=0.05, grace_s=5)
    waiting = await bench.accept(destination="other")
    with capture_logs() as lines:
        async with bench.working() as worker:
            await bench.final(await bench.accept())
            assert (await bench.look_up(waiting)).state is DeliveryState.PENDING
            worker.use(by_name(bench.lane()), limits)
            await bench.final(await bench.accept())

            worker.use(by_name(bench.lane(name="other")), limits)

            assert (await bench.final(waiting)).state is DeliveryState.DONE

    told = [line for line in lines if line["event"] == "delivery.destination_unknown"]
    assert [line["destination"] for line in told] == ["other"]


async def test_a_lane_that_waits_for_its_pace_does_not_keep_the_store_busy(bench: Bench) -> None:
    store = Shaky(bench.outbox)
    deliveries = [await bench.accept() for _ in range(4)]

    lanes = bench.lane(rate=5), bench.lane(name="idle")
    async with bench.working(*lanes, store=store, poll_s=5):
        for delivery in deliveries:
            await bench.final(delivery)

    assert store.look_ups < 60


async def test_lines_hold_no_token_and_nothing_of_the_person(bench: Bench) -> None:
    with capture_logs() as lines:
        async with bench.working():
            await bench.final(await bench.accept(a_match("secret-person")))
            await bench.final(await bench.accept())

    assert {line["outcome"] for line in lines if line["event"] == "delivery.attempted"} == {
        "accepted",
        "unknown_profile",
    }
    assert not {text for text in ("secret-person", "12345", TOKEN) if text in repr(lines)}
