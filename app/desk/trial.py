"""Tries a call: nothing is stored or sent."""

from app.desk.desk import Desk
from app.desk.tried import CaseAsked, CaseShown, TryAsked, TryShown, call_of, tried
from app.model.event import Event
from app.sources.stored import call_of_event


async def try_it(desk: Desk, asked: TryAsked) -> TryShown:
    """Raises Invalid, with all faults of a configuration, and Busy."""
    if asked.configuration is None:
        # In the loop, as a call: the scope of the revision in use serves one at a time.
        return tried(desk.revision, call_of(asked, desk.clock.now()))
    # Whoever writes an expression can make one that never ends.
    return TryShown.model_validate_json(await desk.trials.run("try", asked, desk.clock.now()))


def try_event(desk: Desk, event: Event) -> TryShown | None:
    """The same of a call that is stored. None: it was emptied, or its source is no more."""
    if event.is_erased or event.source not in desk.revision.sources:
        return None
    return tried(desk.revision, call_of_event(event))


async def case_of(desk: Desk, asked: CaseAsked) -> CaseShown:
    """The call as a case of `bridge test`, with the people in it replaced. Raises Invalid, Busy."""
    return CaseShown.model_validate_json(await desk.trials.run("case", asked, desk.clock.now()))
