"""What is done about problems: dead letters of one cause."""

from app import lookup
from app.desk.desk import Desk
from app.desk.refusals import Conflict, NotFound
from app.desk.replays import Counted, GroupReplay, Replayed, count_chosen, replay_chosen
from app.model.operator import Operator
from app.model.problem import Cause, Problem, ProblemState
from app.outbox import ActKind, DeliveryFilter

_KINDS = {
    ProblemState.OPEN: ActKind.REOPEN,
    ProblemState.ACKNOWLEDGED: ActKind.ACKNOWLEDGE,
    ProblemState.RESOLVED: ActKind.RESOLVE,
}


async def counted_problem(desk: Desk, key: str) -> Problem:
    """Counted anew where it changed. Raises NotFound."""
    cause = cause_named(key)
    await desk.outbox.look_through(cause)
    return await _found(desk, cause)


async def put_state(
    desk: Desk, operator: Operator, key: str, state: ProblemState, note: str | None
) -> Problem:
    """As it is then. Raises NotFound, Conflict."""
    cause = cause_named(key)
    before = await _found(desk, cause)
    act = desk.act(_KINDS[state], operator, {"problem": cause.key})
    if not await desk.outbox.set_state(cause, state, act, note=note):
        raise Conflict(f"it is {before.state.value}, with {before.letters} dead letters")
    return await _found(desk, cause)


async def replay_problem(
    desk: Desk, operator: Operator, key: str, asked: GroupReplay
) -> Replayed | Counted:
    """A step of it, or only counted. Raises NotFound, Invalid, NotUnderstood."""
    cause = cause_named(key)
    await _found(desk, cause)
    wanted = DeliveryFilter(cause=cause)
    if asked.dry_run:
        return await count_chosen(desk, wanted, again=False)
    return await replay_chosen(desk, operator, wanted, asked, again=False)


def cause_named(key: str) -> Cause:
    """Raises NotFound."""
    try:
        cause = lookup.cause("id", key)
    except lookup.NotUnderstood:
        cause = None
    if cause is None:
        raise NotFound("there is no such problem")
    return cause


async def _found(desk: Desk, cause: Cause) -> Problem:
    problem = await desk.outbox.problem(cause)
    if problem is None:
        raise NotFound("there is no such problem")
    return problem
