"""The values by which Altcraft finds a profile, made normal or refused by a named reason."""

import re
from collections.abc import Mapping
from typing import assert_never

from app.expressions import ExpressionFailed
from app.expressions.functions import NotNormal, email, phone
from app.model.json import Json, JsonObject
from app.model.start import Match, Matching

_PROFILE_ID = re.compile(r"[0-9a-fA-F]{24}\Z")
_MAX_TEXT = 1000
USUAL_NAMES = ("crm_id", "profile_id", "email", "phone")


def match_of(matching: Matching, given: Json, field: str | None, region: str | None) -> Match:
    """Raises ExpressionFailed with what is wrong with the value, never the value."""
    try:
        match matching:
            # The most usual first.
            case Matching.CUSTOM:
                return Match(matching, _field_value(given), field)
            case Matching.EMAIL:
                return Match(matching, email(given))
            case Matching.PHONE:
                return Match(matching, phone(given, region))
            case Matching.PROFILE_ID:
                return Match(matching, _profile_id(given))
            case Matching.EMAIL_PROFILE:
                return Match(matching, email(given))
            case Matching.REQUEST:
                return Match(matching, _query(given))
            case Matching.OTHER:
                return Match(matching, _query(given), field)
            case _ as never:
                assert_never(never)
    except NotNormal as error:
        raise ExpressionFailed(f"the value {error}") from None


def usual_identity(
    body: Json, query: Mapping[str, Json], region: str | None
) -> tuple[list[Match], list[str]]:
    """The matches by the usual names, in their order, and what is wrong with the others.

    A name of the body goes before the same name of the query.
    """
    found: list[Match] = []
    wrong: list[str] = []
    for name in USUAL_NAMES:
        given = _at_top(name, body, query)
        if given in (None, ""):
            continue
        try:
            found.append(_usual_match(name, given, region))
        except ExpressionFailed as error:
            wrong.append(f"{name}: {error}")
    return found, wrong


def _at_top(name: str, body: Json, query: Mapping[str, Json]) -> Json:
    given = body.get(name) if isinstance(body, Mapping) else None
    return query.get(name) if given in (None, "") else given


def _usual_match(name: str, given: Json, region: str | None) -> Match:
    if name == "crm_id":
        return match_of(Matching.CUSTOM, given, "CRM_ID", region)
    return match_of(Matching(name), given, None, region)


def _query(given: Json) -> JsonObject:
    if not isinstance(given, Mapping) or not given:
        raise NotNormal("is no object" if given else "is empty")
    return given


def _profile_id(given: Json) -> str:
    if not isinstance(given, str) or not _PROFILE_ID.match(given.strip()):
        raise NotNormal("is no profile id (24 hex characters)")
    return given.strip().lower()


def _field_value(given: Json) -> str | int:
    """Altcraft takes an int or a text (guide "Engage profile in scenario", `field_value`)."""
    match given:
        case str() if 0 < len(text := given.strip()) <= _MAX_TEXT:
            return text
        case bool() | None:
            raise NotNormal("is empty" if given is None else "is true or false, not a text")
        case int():
            return given
        case float() if given.is_integer() and abs(given) < 2**53:
            return int(given)
        case str():
            raise NotNormal("is empty" if not given.strip() else "is too long")
        case _:
            raise NotNormal("is no text or whole number")
