"""Tries a call: nothing is stored or sent."""

from app.desk.desk import Desk
from app.desk.tried import CaseAsked, CaseShown, TryAsked, TryShown, call_of, tried


async def try_it(desk: Desk, asked: TryAsked) -> TryShown:
    """Raises Invalid, with all faults of a configuration, and Busy."""
    if asked.configuration is None:
        # In the loop, as a call: the scope of the revision in use serves one at a time.
        return tried(desk.revision, call_of(asked, desk.clock.now()))
    # Whoever writes an expression can make one that never ends.
    return TryShown.model_validate_json(await desk.trials.run("try", asked, desk.clock.now()))


async def case_of(desk: Desk, asked: CaseAsked) -> CaseShown:
    """The call as a case of `bridge test`, with the people in it replaced. Raises Invalid, Busy."""
    return CaseShown.model_validate_json(await desk.trials.run("case", asked, desk.clock.now()))
