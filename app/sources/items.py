"""Takes a body that holds several events apart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.expressions import Expression, ExpressionFailed, Scope, Variables
from app.kit.errors import BridgeError
from app.model.json import Json
from app.sources.call import Call

MOST_ITEMS = 10_000
# The whole body goes along with each item: in all not more than this.
_CALL_COPIES_BYTES = 1024**2
_PATH = re.compile(r"body((?:\s*\.\s*[A-Za-z_]\w*)*)\s*\Z")
_ABSENT = object()


class NotApart(BridgeError):
    """The body does not hold the list that it should."""

    slug = "undecodable"


@dataclass(frozen=True, slots=True)
class Each:
    """`path` is the way to the list where the expression is no more than that, such as
    `body.events`: then values need not pass through the expression's own, and stay as sent."""

    expression: Expression
    path: tuple[str, ...] | None

    @classmethod
    def of(cls, expression: Expression) -> "Each":
        found = _PATH.match(expression.text.strip())
        path = tuple(re.findall(r"\w+", found[1])) if found else None
        return cls(expression, path)


def take_apart(
    each: Each, call: Call, given: Variables, scope: Scope, region: str | None
) -> Sequence[Variables]:
    """Those of each item: `body` is the item, `call` the whole body without the items where
    their list has a plain path. Raises NotApart."""
    found = _found(each, given, scope, region)
    if not isinstance(found, list | tuple):
        raise NotApart(f"each: {each.expression.text} yields no list")
    if len(found) > MOST_ITEMS:
        raise NotApart(f"each: more than {MOST_ITEMS} items in one call")
    whole = _whole(each, call, given.body, len(found))
    return [replace(given, body=item, call=whole) for item in found]


def _found(each: Each, given: Variables, scope: Scope, region: str | None) -> object:
    if each.path is not None:
        found = _at(given.body, each.path)
        if found is _ABSENT:
            raise NotApart(f"each: {each.expression.text}: no such key")
        return found
    try:
        scope.fill(given, each.expression.needs, region)
        return each.expression.evaluate(scope)
    except ExpressionFailed as error:
        raise NotApart(f"each: {each.expression.text}: {error}") from None


def _at(body: Json, path: Sequence[str]) -> object:
    found: object = body
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return _ABSENT
        found = found[key]
    return found


def _whole(each: Each, call: Call, body: Json, count: int) -> Json:
    if each.path is not None:
        return _without_list(body, each.path)
    # Copied for every item, a long batch would grow by its square.
    return body if len(call.body) * count <= _CALL_COPIES_BYTES else None


def _without_list(body: Json, path: Sequence[str]) -> Json:
    if not path or not isinstance(body, dict):
        return []
    return {**body, path[0]: _without_list(body[path[0]], path[1:])}
