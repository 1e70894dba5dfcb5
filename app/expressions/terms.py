"""The places of a call that an expression names, and what stands there: what a person needs to see
why a condition holds or not."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import orjson

from app.expressions.conjuncts import without_texts
from app.expressions.scope import VARIABLES, Variables
from app.kit.light import light
from app.model.json import Json

Steps: TypeAlias = tuple[str | int, ...]

_ROOT = re.compile(rf"(?<![\w.])({'|'.join(VARIABLES)})\b(?!\s*\()")
_STEP = re.compile(
    r"""\s*\.\s*([A-Za-z_]\w*)(\s*\()?
      | \s*\[\s*(?:"([^"\\\n]*)"|'([^'\\\n]*)'|(\d{1,9}))\s*\]""",
    re.VERBOSE,
)
_MOST_TERMS = 12
_MOST_STEPS = 30
_MOST_CHARACTERS = 200
_MOST_INNER = 5
_MOST_DEPTH = 3


@light
class Term:
    """`text` as the expression has it, for example `body.deal.stage`."""

    text: str
    variable: str
    steps: Steps = ()


@light
class Read:
    """What stood at a term: `value` as JSON, shortened. None: nothing does, and `missing` is the
    first part of the way that is not there."""

    term: str
    value: str | None
    missing: str | None = None


def terms(text: str) -> list[Term]:
    """In the order of the text, each once, a bounded number of them."""
    plain = without_texts(text)
    found: dict[str, Term] = {}
    for root in _ROOT.finditer(plain):
        term = _term(text, root)
        found.setdefault(term.text, term)
        if len(found) == _MOST_TERMS:
            break
    return list(found.values())


def read(term: Term, given: Variables) -> Read:
    at: object = getattr(given, term.variable)
    for index, step in enumerate(term.steps):
        if not _has(at, step):
            return Read(term.text, None, _path(term.variable, term.steps[: index + 1]))
        at = at[step]  # type: ignore[index]  # `_has` looked
    return Read(term.text, brief(_json(at)))


def reads_of(text: str, given: Variables) -> list[Read]:
    return [read(term, given) for term in terms(text)]


def brief(given: Json) -> str:
    """As JSON, cut so that the largest of bodies makes a short line."""
    written = orjson.dumps(_cut(given, _MOST_DEPTH), default=str).decode()
    return written if len(written) <= _MOST_CHARACTERS else written[:_MOST_CHARACTERS] + "…"


def _term(text: str, root: re.Match[str]) -> Term:
    steps: list[str | int] = []
    end = root.end()
    while len(steps) < _MOST_STEPS and (step := _STEP.match(text, end)):
        if step[2]:
            break  # the name of a function
        number = step[5]
        steps.append(
            int(number) if number else next(t for t in step.group(1, 3, 4) if t is not None)
        )
        end = step.end()
    return Term(_path(root[1], steps), root[1], tuple(steps))


def _path(variable: str, steps: Sequence[str | int]) -> str:
    return variable + "".join(_step_text(step) for step in steps)


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if step.isidentifier() else f'["{step}"]'


def _has(at: object, step: str | int) -> bool:
    if isinstance(at, Mapping):
        return step in at
    return isinstance(at, list) and isinstance(step, int) and step < len(at)


def _json(at: object) -> Json:
    if isinstance(at, datetime):
        return at.isoformat().replace("+00:00", "Z")
    if isinstance(at, Mapping):
        return dict(at)
    return at  # type: ignore[return-value]  # the variables hold nothing else


def _cut(given: Json, depth: int) -> Json:
    match given:
        case str():
            return given if len(given) <= _MOST_CHARACTERS else given[:_MOST_CHARACTERS] + "…"
        case Mapping():
            return dict(_cut_items(given, depth)) if depth else "{…}"
        case list() | tuple():
            if not depth:
                return "[…]"
            rest = [f"… {len(given) - _MOST_INNER} more"] if len(given) > _MOST_INNER else []
            return [*(_cut(one, depth - 1) for one in given[:_MOST_INNER]), *rest]
        case _:
            return given


def _cut_items(given: Mapping[str, Json], depth: int) -> Iterator[tuple[str, Json]]:
    for index, (name, inner) in enumerate(given.items()):
        if index == _MOST_INNER:
            yield "…", f"{len(given) - _MOST_INNER} more"
            return
        yield name[:_MOST_CHARACTERS], _cut(inner, depth - 1)
