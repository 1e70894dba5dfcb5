"""A store of a version before comes up to date with what is in it."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

import app.outbox.migrations
from app.model.problem import ProblemState
from app.observe.counts import Counts
from app.outbox import Outbox, ProblemFilter
from app.outbox.writer import WriterLimits
from app.outbox.writing import writing
from tests.support.clock import ManualClock

_EARLIER = """
INSERT INTO delivery (id, event_id, source, rule, config_revision, destination, scenario, matches,
content, in_doubt, state, match_index, attempts, created_at, next_attempt_at, outcome, finished_at)
VALUES ('{id}', 'e', 'crm', 'deal won', 'r1', 'main', 3, '[1]', '{{}}', 'retry', '{state}', 0, 1, 1,
1, '{outcome}', {at})
"""


def _to_0004(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(app.outbox.migrations._VERSIONS.parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0004")
    for number, (state, outcome) in enumerate(
        [("dead", "malformed"), ("dead", "malformed"), ("done", "accepted"), ("dead", "cancelled")]
    ):
        made = _EARLIER.format(id=number, state=state, outcome=outcome, at=number + 10)
        connection.execute(text(made))


async def test_dead_letters_that_are_there_are_problems(new_url: str, clock: ManualClock) -> None:
    async with writing(new_url, WriterLimits(), Counts()) as earlier:
        await earlier.run(_to_0004)

    async with Outbox.open(new_url, clock=clock) as outbox:
        [found] = await outbox.problems(ProblemFilter(), limit=9)
        wrong = await outbox.count_problems_again()

    assert (found.key, found.letters) == ("main.scenario.3.malformed", 2)
    assert (found.state, found.last_at - found.first_at) == (
        ProblemState.OPEN,
        found.last_at.resolution,
    )
    assert wrong == 0
