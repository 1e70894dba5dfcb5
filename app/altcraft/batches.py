"""What the answer to a batch means for each of its members.

| answer                                               | outcome of each                       |
| ---------------------------------------------------- | ------------------------------------- |
| with a list of answers, one for each member          | its own, by the table of one start    |
| `error` 0 of a task                                  | accepted                              |
| `error` 0, no such list, or one of another length    | unreadable, in doubt                  |
| any other, without such a list                       | the same for all, by the same table   |

The exact reply is not documented: the list is taken wherever one of `data`, `profiles`, `results`
or `items` has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from app.altcraft.replies import Answer, Meaning, judge, judge_body
from app.kit.light import light
from app.model.json import Json
from app.model.outcome import Outcome, OutcomeKind

_LISTS = ("data", "profiles", "results", "items")
_TASK_IDS = ("task_id", "id", "task")
_LONGEST_ID = 64


@light
class Asked:
    """`count`: how many members the request had."""

    count: int
    as_task: bool = False


def judge_batch(
    answer: Answer,
    asked: Asked,
    known: Sequence[Meaning],
    now: datetime,
    *,
    hidden: str = "",
) -> list[Outcome]:
    whole = judge(answer, known, now, hidden=hidden)
    said = None if answer.is_cut else _object(answer.body)
    members = _members(said) if said is not None else None
    if members is not None and len(members) == asked.count:
        return [judge_body(member, answer, known, now, hidden=hidden) for member in members]
    if whole.kind is not OutcomeKind.ACCEPTED:
        return [replace(whole, is_of_all=True)] * asked.count
    if asked.as_task:
        return [replace(whole, text=_task(said), is_of_all=True)] * asked.count
    found = "none" if members is None else str(len(members))
    text = f"the answer has to name {asked.count} results and names {found}"
    doubt = replace(whole, kind=OutcomeKind.UNREADABLE, text=text, in_doubt=True, is_of_all=True)
    return [doubt] * asked.count


def _object(body: bytes) -> Mapping[str, Json] | None:
    try:
        said: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, Mapping) else None


def _members(said: Mapping[str, Json]) -> Sequence[Mapping[str, Json]] | None:
    for name in _LISTS:
        found = said.get(name)
        if isinstance(found, list):
            members = [one for one in found if isinstance(one, Mapping) and "error" in one]
            if len(members) == len(found):
                return members
    return None


def _task(said: Mapping[str, Json] | None) -> str:
    """What Altcraft will work on, named as it names it."""
    for name in _TASK_IDS:
        found = (said or {}).get(name)
        if isinstance(found, int | str) and not isinstance(found, bool):
            text = str(found)
            if text.isprintable() and len(text) <= _LONGEST_ID:
                return f"task {text}"
    return "a task"
