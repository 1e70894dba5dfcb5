"""What flows now, as the overview has it."""

from hypothesis import given
from hypothesis import strategies as st

from app.console.charts import stacked
from app.console.flow import Line
from app.model.tally import Tally, TallyKind
from app.outbox import ActKind, Pause, PauseKind
from tests.console.visits import Console, text_of
from tests.support.values import AT, an_act

COUNTS = st.lists(st.integers(0, 10**7), min_size=8, max_size=8)


async def test_calls_and_starts_of_the_last_hour_are_counted(console: Console) -> None:
    await console.bridge.parts.outbox.add_tallies(
        [
            Tally(TallyKind.CALL, "forms", "accepted", 7),
            Tally(TallyKind.CALL, "forms", "ignored", 3),
            Tally(TallyKind.CALL, "forms", "unauthenticated", 2),
            Tally(TallyKind.ENDED, "main", "accepted", 6),
            Tally(TallyKind.ENDED, "main", "cancelled", 4),
            Tally(TallyKind.ENDED, "main", "scenario_unavailable", 1),
        ]
    )

    text = text_of(await console.vera.look(""))

    assert "taken 7 ignored 3 refused 2" in text
    assert "started 6 cancelled or limited 4 failed 1" in text
    assert "forms 7 3 2" in text


async def test_what_is_paused_or_stopped_is_said_beside_it(console: Console) -> None:
    act = an_act(ActKind.PAUSE)
    pause = Pause(PauseKind.DESTINATION, "main", AT, "olga", None)
    await console.bridge.parts.outbox.pause(pause, act)

    page = await console.vera.look("")

    assert "paused" in text_of(page)


async def test_each_range_of_time_is_a_page(console: Console) -> None:
    for name in ("hour", "day", "week", "nonsense"):
        assert "Scenario starts" in await console.vera.look(f"?range={name}")


@given(COUNTS, COUNTS, COUNTS)
def test_no_bar_leaves_its_chart(good: list[int], mild: list[int], bad: list[int]) -> None:
    chart = stacked(Line(good, mild, bad), width=100, height=20)

    assert all(bar.y >= 0 and bar.height > 0 for bar in chart.bars)
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in chart.bars)
    assert len(chart.bars) == sum(1 for one in (*good, *mild, *bad) if one)
