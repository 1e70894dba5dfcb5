"""An expression evaluated over a call."""

from collections.abc import Mapping
from datetime import UTC, datetime

from app.expressions import ExpressionFailed, Scope, Variables, compile_text
from app.model.json import Json

AT = datetime(2026, 11, 23, 9, 10, 11, tzinfo=UTC)
SCOPE = Scope()


def a_call(
    body: Json = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, Json] | None = None,
) -> Variables:
    return Variables(
        "crm", AT, path="a/b", body=body, call=body, headers=headers or {}, query=query or {}
    )


def value(text: str, body: Json = None, *, region: str | None = None) -> Json:
    return value_over(text, a_call(body), region=region)


def value_over(text: str, given: Variables, *, region: str | None = None) -> Json:
    expression = compile_text(text)
    SCOPE.fill(given, expression.needs, region)
    return expression.evaluate(SCOPE)


def holds(text: str, body: Json = None) -> bool:
    """As rules see it: what fails does not hold."""
    expression = compile_text(text)
    SCOPE.fill(a_call(body), expression.needs, None)
    try:
        return expression.holds(SCOPE)
    except ExpressionFailed:
        return False


def failure(text: str, body: Json = None, *, region: str | None = None) -> str:
    """Why it yields nothing, or "" when it yields something."""
    try:
        value(text, body, region=region)
    except ExpressionFailed as failed:
        return str(failed)
    return ""
