"""One compiled expression."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import NoReturn

import cel

from app.expressions.conjuncts import without_texts
from app.expressions.direct import Direct, direct, is_equality
from app.expressions.reads import Reads, body_paths
from app.expressions.scope import FUNCTIONS, NAMES, VARIABLES, Scope
from app.expressions.slips import hint_of_fixed, hint_of_slip
from app.kit.errors import BridgeError
from app.kit.nearest import did_you_mean
from app.model.json import Json

_NOTHING = Reads()
_LOOP_NAME = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class ExpressionFault(BridgeError):
    """An expression that can't be used. `hint` says what may have been meant."""

    slug = "configuration"

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class ExpressionFailed(BridgeError):
    """An expression yields nothing for this call. The reason holds no value of the call."""

    slug = "expression"


@dataclass(frozen=True, slots=True)
class Expression:
    text: str
    reads: Reads
    _direct: Direct | None = field(repr=False, compare=False)
    _program: cel.Program = field(repr=False, compare=False)

    @property
    def needs(self) -> Reads:
        """What a scope must be filled with before it can be evaluated."""
        return self.reads if self._direct is None else _NOTHING

    @property
    def comparison(self) -> Direct | None:
        """Over a body, where it is so plain that it yields true or false or raises KeyError or
        TypeError; why then, `holds` says."""
        return self._direct if is_equality(self.text) else None

    def evaluate(self, scope: Scope) -> Json:
        """Raises ExpressionFailed with a reason that can be shown and stored."""
        scope.failure = None
        try:
            if self._direct is not None:
                return self._direct(scope.body)
            found = self._program.execute(scope.context)
        except Exception as error:  # noqa: BLE001 - the library raises by a dozen types
            raise ExpressionFailed(self._reason(error, scope)) from None
        return found if isinstance(found, str | int) or found is None else _plain(found)

    def holds(self, scope: Scope) -> bool:
        """As a condition. Raises ExpressionFailed, also when it yields no true or false."""
        found = self.evaluate(scope)
        if found is True or found is False:
            return found
        raise ExpressionFailed(f"yields {_type_name(found)}, not true or false")

    def _reason(self, error: Exception, scope: Scope) -> str:
        if scope.failure:
            return scope.failure
        match error:
            case KeyError():
                return self._missing_key(str(error.args[0]) if error.args else "")
            case IndexError():
                return "the list is shorter than that"
            case TypeError():
                return "an operation does not fit the types of its values"
            case ZeroDivisionError():
                return "division by zero"
            case _:
                return "a function can't take the value that it is given"

    def _missing_key(self, key: str) -> str:
        # A key that is no part of the expression came from the call: it may be personal.
        if not key or key not in self.text:
            return "no such key"
        is_header = key != key.lower() and f'headers["{key}"]' in self.text.replace("'", '"')
        why = "; names of headers are in lower case here" if is_header else ""
        return f'no key "{key}"{why}'


@lru_cache(maxsize=4096)
def compile_text(text: str) -> Expression:
    """Raises ExpressionFault for a text that is no CEL or uses a name that is not known."""
    try:
        program = cel.compile(text)
    except Exception as error:  # noqa: BLE001 - ValueError today, others by version
        raise ExpressionFault(_syntax_reason(str(error)), hint_of_slip(text)) from None
    names = program.references()
    _check_names(text, names)
    known = frozenset(names["variables"]) & frozenset(VARIABLES)
    return Expression(text, Reads.of(known, body_paths(text)), direct(text), program)


def _syntax_reason(said: str) -> str:
    found = _PLACE.search(said)
    if not found:
        return "is no CEL expression"
    line, column, problem = found.groups()
    if "Recursion limit" in problem:
        return "is no CEL expression: it is nested too deeply"
    problem = re.sub(r"^Syntax error: ", "", problem).split(" expecting ")[0]
    problem = re.sub(r": [A-Z]\w+ \{.*\}", "", problem)  # the library's own values
    where = f"column {column}" if line == "1" else f"line {line}, column {column}"
    return f"is no CEL expression: {problem} at {where}"


def _check_names(text: str, names: Mapping[str, Sequence[str]]) -> None:
    plain = without_texts(text)
    bound = set(_LOOP_NAME.findall(plain))
    for name in names["variables"]:
        if name not in NAMES and name not in bound and not name.startswith("@"):
            raise ExpressionFault(*_unknown("name", name, plain, VARIABLES))
    for name in names["functions"]:
        if name.isidentifier() and name not in FUNCTIONS:
            raise ExpressionFault(*_unknown("function", name, plain, FUNCTIONS))


def _unknown(
    kind: str, name: str, plain: str, known: Sequence[str] | frozenset[str]
) -> tuple[str, str | None]:
    # A field of the body may have the same name: it is none.
    word = rf"(?<![\w.]){name}\b" if kind == "name" else rf"\b{name}\s*\("
    found = re.search(word, plain) or re.search(rf"\b{name}\b", plain)
    where = f" at column {found.start() + 1}" if found else ""
    hint = did_you_mean(name, sorted(known))
    if hint is None and kind == "name":
        fixed = hint_of_fixed(plain)
        hint = f"known names: {', '.join(VARIABLES)}" + (f"; {fixed}" if fixed else "")
    return f'unknown {kind} "{name}"{where}', hint


def _plain(found: object) -> Json:
    """The library's values as JSON has them: instants as RFC 3339, durations as seconds."""
    match found:
        case None | bool() | int() | str():
            return found
        case float():
            return _number(found)
        case datetime():
            return found.isoformat().replace("+00:00", "Z")
        case timedelta():
            return found.total_seconds()
        case bytes():
            return base64.b64encode(found).decode()
        case cel.OptionalValue():
            return _plain(found.value()) if found.has_value() else _nothing()
        case dict():
            return {str(key): _plain(inner) for key, inner in found.items()}
        case list() | tuple():
            return [_plain(inner) for inner in found]
        case _:
            raise ExpressionFailed(f"yields {type(found).__name__}, which is no JSON value")


def _number(found: float) -> float:
    if not isfinite(found):
        raise ExpressionFailed("yields a number that is infinite or none, which JSON has not")
    return found


def _nothing() -> NoReturn:
    raise ExpressionFailed("yields an optional without a value")


def _type_name(found: Json) -> str:
    names = {str: "a text", int: "a number", float: "a number", dict: "an object", list: "a list"}
    return "null" if found is None else names.get(type(found), "another value")
