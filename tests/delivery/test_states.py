"""Whatever happens to a delivery, in whatever order: it has a next step, or it is over and says
why."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.delivery.attempt import Exchange, conclude, give_back
from app.delivery.verdict import RetryPolicy
from app.model.delivery import Delivery, DeliveryState
from app.model.flow import batch_size_of, flow_of, source_of
from app.model.handling import Batch, Handling, Order
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import Import, InDoubt, OnUnknownProfile
from app.outbox import Settlement
from tests.support.values import AT, a_delivery, a_match

POLICY = RetryPolicy(tries=7, age_s=3600, base_s=2, cap_s=60)
_FINAL = (DeliveryState.DONE, DeliveryState.DEAD)

outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(OutcomeKind),
    http_status=st.sampled_from([None, 200, 403, 429, 500]),
    in_doubt=st.booleans(),
    retry_after_s=st.none() | st.floats(0, 3600),
    is_of_all=st.booleans(),
)


class Life(RuleBasedStateMachine):
    """One delivery, from its acceptance to its end."""

    delivery: Delivery

    @initialize(
        matches=st.integers(1, 3),
        in_doubt=st.sampled_from(InDoubt),
        then=st.sampled_from(OnUnknownProfile),
        is_always=st.booleans(),
        batch=st.none() | st.integers(2, 500),
        is_ordered=st.booleans(),
        seed=st.integers(0, 9999),
    )
    def accepted(
        self,
        *,
        matches: int,
        in_doubt: InDoubt,
        then: OnUnknownProfile,
        is_always: bool,
        batch: int | None,
        is_ordered: bool,
        seed: int,
    ) -> None:
        handling = Handling(
            batch=Batch(batch, 0.2) if batch else None,
            order=Order("k" * 32, 60) if is_ordered else None,
        )
        made = a_delivery(
            matches=[a_match(n) for n in range(matches)], in_doubt=in_doubt, handling=handling
        )
        imports = Import(is_always, {}) if is_always or then is OnUnknownProfile.IMPORT else None
        start = replace(made.start, on_unknown_profile=then, imports=imports)
        self.delivery = replace(made, start=start)
        self.now = AT
        self.rng = Random(seed)

    def _is_waiting(self) -> bool:
        return self.delivery.state is DeliveryState.PENDING

    def _is_in_flight(self) -> bool:
        return self.delivery.state is DeliveryState.IN_FLIGHT

    @precondition(_is_waiting)
    @rule()
    def claimed(self) -> None:
        """When it is due."""
        self.now = max(self.now, self.delivery.next_attempt_at)
        self.delivery = replace(
            self.delivery, state=DeliveryState.IN_FLIGHT, lease_owner="w1", reason=None
        )

    @precondition(_is_in_flight)
    @rule(
        outcome=outcomes, spares=st.booleans(), took_s=st.floats(0, 30), company=st.integers(1, 500)
    )
    def answered(self, outcome: Outcome, spares: bool, took_s: float, company: int) -> None:
        began = self.now
        self.now += timedelta(seconds=took_s)
        together = min(company, batch_size_of(flow_of(self.delivery)))
        exchange = Exchange(self.delivery, outcome, began, together, spares)
        settlement, _ = conclude(exchange, POLICY, now=self.now, rng=self.rng)
        self._apply(settlement)

    @precondition(_is_in_flight)
    @rule()
    def given_back(self) -> None:
        self._apply(give_back(self.delivery))

    def _apply(self, settlement: Settlement) -> None:
        before = self.delivery
        self.delivery = replace(
            before,
            state=settlement.state,
            match_index=settlement.match_index,
            attempts=before.attempts + (settlement.attempt is not None),
            next_attempt_at=settlement.next_attempt_at,
            outcome=settlement.outcome,
            reason=settlement.reason,
            finished_at=settlement.finished_at,
            failures=settlement.failures,
            failing_since=settlement.failing_since,
            batch_size=settlement.batch_size,
            lease_owner=None,
        )
        assert settlement.flow == flow_of(self.delivery)
        assert settlement.batch_size <= before.batch_size, "a batch never grows again"
        assert settlement.match_index in (before.match_index, before.match_index + 1)

    @invariant()
    def is_over_and_says_why_or_has_a_next_step(self) -> None:
        one = self.delivery
        match one.state:
            case DeliveryState.DEAD:
                assert one.reason
                assert one.finished_at is not None
            case DeliveryState.DONE:
                assert one.outcome in (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN_PROFILE)
                assert one.finished_at is not None
            case _:
                assert one.finished_at is None
                assert one.next_attempt_at <= self.now + timedelta(hours=2)
                assert source_of(flow_of(one)) == one.source
                assert one.match in one.start.matches
                assert one.failures < POLICY.tries
                assert one.batch_size >= 1

    @invariant()
    def is_only_created_where_the_rule_allows_it(self) -> None:
        one = self.delivery
        if one.match_index >= len(one.start.matches):
            assert one.imports
            assert one.start.on_unknown_profile is OnUnknownProfile.IMPORT

    @precondition(lambda self: self.delivery.state in _FINAL)
    @rule()
    def rests(self) -> None:
        """What is over stays over."""


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
