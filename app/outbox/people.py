"""Who is concerned by which delivery, without naming anybody.

A digest is keyed and 64 bits long: it finds the deliveries of a person whose value is given, and
nobody's value is read from it. By chance two persons may share one, once in many billions; what is
found is therefore held against the delivery itself where it matters.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, delete, literal_column, select, tuple_

from app.model.delivery import Delivery
from app.model.event import EventId
from app.model.start import Match, Matching
from app.outbox import tables
from app.outbox.dialect import insert_all

PERSON_COLUMNS = ("digest", "delivery_id", "of_event")
_AT_ONCE = 1000
_NAMED = (Matching.EMAIL, Matching.PHONE, Matching.PROFILE_ID, Matching.EMAIL_PROFILE)


def person_key(connection: Connection) -> bytes:
    """Of this store."""
    found = connection.execute(
        select(tables.setting.c.value).where(tables.setting.c.name == "person_key")
    )
    return bytes(found.scalar_one())


def derived_key(key: bytes, purpose: str) -> bytes:
    """A secret of this store for something else: nothing of the one is learnt from the other."""
    return hashlib.blake2b(purpose.encode(), key=key, digest_size=32).digest()


class PersonName(NamedTuple):
    """One way in which a person is named. `value` is normal: an e-mail in lower case, a phone in
    E.164, a profile id, a custom field's."""

    matching: str
    value: str
    field: str = ""


def digest_of(key: bytes, name: PersonName) -> int:
    text = "\0".join((name.matching, name.field, name.value)).encode("utf-8", "surrogatepass")
    digest = _keyed(key).copy()
    digest.update(text)
    return int.from_bytes(digest.digest(), "big", signed=True)


@lru_cache(maxsize=16)
def _keyed(key: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(key=key, digest_size=8)


def write_people(
    connection: Connection,
    key: bytes,
    deliveries: Iterable[Delivery],
    named: Iterable[tuple[EventId, Sequence[Match]]] = (),
) -> None:
    insert_all(connection, tables.person, PERSON_COLUMNS, person_rows(key, deliveries, named))


def person_rows(
    key: bytes,
    deliveries: Iterable[Delivery],
    named: Iterable[tuple[EventId, Sequence[Match]]] = (),
) -> list[tuple[int, str, int]]:
    """`named`: whom events name that started nothing. They stand under the event's id, which no
    delivery has."""
    rows: set[tuple[int, str, int]] = set()
    for delivery in deliveries:
        for name in names_of(delivery.start.matches):
            rows.add((digest_of(key, name), delivery.id, 0))
    for event_id, matches in named:
        for name in names_of(matches):
            rows.add((digest_of(key, name), event_id, 1))
    # In order: neighbours in the index are written together.
    return sorted(rows)


def names_of(matches: Iterable[Match]) -> Sequence[PersonName]:
    found = []
    for match in matches:
        if match.matching is Matching.CUSTOM:
            found.append(PersonName("custom", str(match.value), match.field or ""))
        elif match.matching in _NAMED:
            is_email = match.matching is Matching.EMAIL_PROFILE
            mode = Matching.EMAIL if is_email else match.matching
            found.append(PersonName(mode.value, str(match.value).lower()))
    return found


def forget(
    connection: Connection, key: bytes, deliveries: Iterable[Delivery], events: Sequence[EventId]
) -> None:
    """Who is concerned by these."""
    table = tables.person.c
    names = {(digest_of(key, name), d.id) for d in deliveries for name in names_of(d.start.matches)}
    pairs = sorted(names)
    for start in range(0, len(pairs), _AT_ONCE):
        chosen = tuple_(table.digest, table.delivery_id).in_(pairs[start : start + _AT_ONCE])
        connection.execute(delete(tables.person).where(chosen))
    if events:
        # Written out for the partial index.
        of_event: ColumnElement[bool] = literal_column("of_event = 1")
        connection.execute(delete(tables.person).where(table.delivery_id.in_(events), of_event))


def deliveries_of(digests: Sequence[int]) -> Select[tuple[str]]:
    """Their ids, and those of events that started nothing."""
    return select(tables.person.c.delivery_id).where(tables.person.c.digest.in_(digests))
