"""Causes of dead letters, as the tables have them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, literal_column

from app.model.delivery import ending_or_outcome
from app.model.problem import Cause
from app.model.start import Target
from app.outbox import tables

_delivery = tables.delivery.c
_problem = tables.problem.c
CAUSE = (_delivery.destination, _delivery.target, _delivery.scenario, _delivery.outcome)
PROBLEM = (_problem.destination, _problem.target, _problem.scenario, _problem.outcome)
# Written out as the partial index has it.
IS_LEFT: ColumnElement[bool] = literal_column(
    "state = 'dead' AND replayed_as IS NULL AND matches <> '[]'"
)
"""A dead letter that nobody has replayed, and that can be."""


def left_of(cause: Cause) -> Iterator[ColumnElement[bool]]:
    """Conditions of its deliveries."""
    yield IS_LEFT
    yield from (column == value for column, value in zip(CAUSE, values_of(cause), strict=True))


def row_of(cause: Cause) -> ColumnElement[bool]:
    """The condition of its problem."""
    pairs = zip(PROBLEM, values_of(cause), strict=True)
    return and_(*(column == value for column, value in pairs))


def values_of(cause: Cause) -> tuple[str, str, int, str]:
    return cause.destination, cause.target.value, cause.scenario, cause.outcome.value


def cause_of_row(row: Row[Any]) -> Cause:
    target, outcome = Target(row.target), ending_or_outcome(row.outcome)
    return Cause(row.destination, target, row.scenario, outcome)
