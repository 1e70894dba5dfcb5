"""Every way to engage a profile, on a real store, against a stand-in for Altcraft."""

from app.model.delivery import DeliveryState
from app.model.handling import Batch, Handling
from app.model.outcome import OutcomeKind
from app.model.start import Import, Match, Matching, OnUnknownProfile, Target
from app.sandbox import Fault, FaultKind
from tests.delivery.bench import Bench
from tests.support.values import a_match

NEW = Match(Matching.EMAIL, "new@example.com")
IMPORT = Import(True, {"data": {"_fname": "Nina"}, "skip_triggers": True})
BATCH = Handling(batch=Batch(8, 0.5))


async def test_a_trigger_mailing_is_started_by_its_own_method(bench: Bench) -> None:
    async with bench.working():
        delivery = await bench.final(await bench.accept(target=Target.TRIGGER, scenario=1))

    [entry] = bench.sandbox.journal.starts
    assert delivery.outcome is OutcomeKind.ACCEPTED
    assert (entry.method, entry.target, entry.scenario) == (
        "campaigns/triggers/start",
        "trigger",
        1,
    )


async def test_a_trigger_mailing_that_is_not_active_is_a_dead_letter(bench: Bench) -> None:
    async with bench.working():
        delivery = await bench.final(await bench.accept(target=Target.TRIGGER, scenario=2))

    assert delivery.outcome is OutcomeKind.SCENARIO_UNAVAILABLE
    assert delivery.reason == "the trigger mailing does not exist or is not active"


async def test_an_import_creates_the_profile_with_its_fields(bench: Bench) -> None:
    async with bench.working():
        await bench.final(await bench.accept(NEW, imports=IMPORT))

    [entry] = bench.sandbox.journal.starts
    assert entry.method == "workflows/import_and_start"
    assert entry.body["data"] == {"_fname": "Nina"}
    assert (entry.body["workflow_id"], entry.body["skip_triggers"]) == (3, True)


async def test_a_profile_that_no_match_finds_is_created_when_the_rule_says_so(
    bench: Bench,
) -> None:
    async with bench.working():
        delivery = await bench.final(
            await bench.accept(
                Match(Matching.PROFILE_ID, "f" * 24),
                NEW,
                imports=Import(False, {"data": {"email": "new@example.com"}}),
                on_unknown_profile=OnUnknownProfile.IMPORT,
            )
        )

    methods = [entry.method for entry in bench.sandbox.journal.after(0, 9)]
    assert methods == ["workflows/start", "workflows/start", "workflows/import_and_start"]
    assert delivery.outcome is OutcomeKind.ACCEPTED


async def test_a_profile_that_no_match_finds_is_let_pass_when_the_rule_says_so(
    bench: Bench,
) -> None:
    async with bench.working():
        delivery = await bench.final(
            await bench.accept(NEW, on_unknown_profile=OnUnknownProfile.IGNORE)
        )

    assert (delivery.state, delivery.outcome) == (DeliveryState.DONE, OutcomeKind.UNKNOWN_PROFILE)


async def test_further_fields_of_the_request_are_sent_as_they_are_named(bench: Bench) -> None:
    fields = {"resource_id": 7, "subscription_filter": {"email": "a@example.com"}}

    async with bench.working():
        await bench.final(await bench.accept(fields=fields))

    [entry] = bench.sandbox.journal.starts
    assert {name: entry.body[name] for name in fields} == fields


async def test_those_of_a_batch_share_a_request_and_each_has_its_own_outcome(
    bench: Bench,
) -> None:
    now = bench.clock.now()
    made = [
        await bench.accept(a_match(12345), imports=IMPORT, handling=BATCH, at=now),
        await bench.accept(
            Match(Matching.PROFILE_ID, "f" * 24), imports=IMPORT, handling=BATCH, at=now
        ),
        await bench.accept(
            Match(Matching.CUSTOM, "", "CRM_ID"), imports=IMPORT, handling=BATCH, at=now
        ),
    ]

    async with bench.working():
        outcomes = [(await bench.final(one)).outcome for one in made]

    assert bench.sandbox.journal.requests_count == 1
    assert outcomes == [
        OutcomeKind.ACCEPTED,
        OutcomeKind.UNKNOWN_PROFILE,
        OutcomeKind.MALFORMED,
    ]
    [attempt] = await bench.outbox.attempts(made[0].id)
    assert attempt.together == 3


async def test_a_batch_that_is_refused_for_one_member_is_split_until_only_that_one_fails(
    bench: Bench,
) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.REFUSE_BATCH))
    bad = Match(Matching.CUSTOM, "", "CRM_ID")
    now = bench.clock.now()
    made = [
        await bench.accept(
            bad if n == 3 else a_match(12345), imports=IMPORT, handling=BATCH, at=now
        )
        for n in range(8)
    ]

    async with bench.working():
        found = [await bench.final(one) for one in made]

    outcomes = [one.outcome for one in found]
    assert outcomes[3] is OutcomeKind.MALFORMED
    assert outcomes[:3] + outcomes[4:] == [OutcomeKind.ACCEPTED] * 7
    assert [one.failures for one in found] == [0] * 8
    assert bench.sandbox.journal.starts_count == 7, "nobody was started twice"


async def test_a_batch_whose_answer_is_short_of_one_is_in_doubt_as_a_whole(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.SHORT_LIST, times=1))
    now = bench.clock.now()
    made = [
        await bench.accept(a_match(12345), imports=IMPORT, handling=BATCH, at=now) for _ in range(2)
    ]

    async with bench.working():
        for one in made:
            await bench.final(one)

    for one in made:
        first, second = await bench.outbox.attempts(one.id)
        assert (first.outcome, first.in_doubt) == (OutcomeKind.UNREADABLE, True)
        assert second.outcome is OutcomeKind.ACCEPTED


async def test_a_task_is_accepted_with_its_number(bench: Bench) -> None:
    handling = Handling(batch=Batch(8, 0.05, as_task=True))

    async with bench.working():
        delivery = await bench.final(await bench.accept(imports=IMPORT, handling=handling))

    [attempt] = await bench.outbox.attempts(delivery.id)
    assert delivery.outcome is OutcomeKind.ACCEPTED
    assert (attempt.error_text or "").startswith("task ")
