"""The values that expressions see while one call is evaluated."""

import logging
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

import cel
from cel.stdlib import EXTENSIONS, add_stdlib_to_context

from app.expressions import functions
from app.expressions.reads import Reads
from app.kit.light import light, maker
from app.model.json import Json

# The library logs each failed function with the exception's text. What fails is said in our own
# words where it matters, and a caller's bad value is no warning of ours.
logging.getLogger("cel").setLevel(logging.CRITICAL + 1)

VARIABLES = ("body", "headers", "query", "path", "source", "received", "method", "call")
_NAMESPACES = ("math", "sets", "base64", "strings", "lists", "optional")
_NATIVE = (
    *("size", "has", "map", "filter", "all", "exists", "exists_one", "type", "dyn"),
    *("startsWith", "endsWith", "contains", "matches"),
    *("string", "bytes", "double", "int", "uint", "duration", "timestamp"),
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    *("of", "none", "ofNonZeroValue", "hasValue", "value", "or", "orValue"),
)
_OURS = ("email", "phone")

FUNCTIONS = frozenset(
    [*_NATIVE, *_OURS]
    + [name.rsplit(".", 1)[-1] for library in EXTENSIONS.values() for name in library]
)
NAMES = frozenset(VARIABLES) | frozenset(_NAMESPACES)


@light
class Variables:
    """One call as expressions see it. `headers` have lower-case names; `body` is the item and
    `call` the whole body where a source's body holds many, else both are the body.
    `is_query_proved`: nobody but the caller can have written the query."""

    source: str
    received: datetime
    method: str = "POST"
    path: str = ""
    body: Json = None
    call: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    is_query_proved: bool = True


make_variables = maker(Variables)


class Scope:
    """Holds the library's context, which is dear to make and cheap to fill anew.

    Not for use by several threads: `fill`, then evaluate, without an await between them.
    `failure` is what the last failed function of ours had to say.
    """

    def __init__(self) -> None:
        self.context = cel.Context()
        add_stdlib_to_context(self.context)
        self.context.add_function("email", self._email)
        self.context.add_function("phone", self._phone)
        self.failure: str | None = None
        self.body: Json = None
        self._region: str | None = None
        self._given: Variables | None = None
        self._filled = Reads()

    def fill(self, given: Variables, reads: Reads, region: str | None) -> None:
        """Make visible what is read of `given`, and only that, once for the same `given`."""
        self._region = region
        if given is not self._given:
            self._given, self._filled = given, reads
            self.body = given.body
        elif self._filled.covers(reads):
            return
        else:
            self._filled |= reads
        if self._filled.names:
            self.context.update({name: self._value(given, name) for name in self._filled.names})

    def _value(self, given: Variables, name: str) -> object:
        return self._filled.of_body(given.body) if name == "body" else getattr(given, name)

    def _email(self, given: object) -> str:
        try:
            return functions.email(given)
        except functions.NotNormal as error:
            self.failure = f"the value {error}"
            raise

    def _phone(self, given: object) -> str:
        try:
            return functions.phone(given, self._region)
        except functions.NotNormal as error:
            self.failure = f"the value {error}"
            raise
