"""Who is concerned by which delivery, without naming anybody.

A digest is keyed and 64 bits long: it finds the deliveries of a person whose value is given, and
nobody's value is read from it. By chance two persons may share one, once in many billions; what is
found is therefore held against the delivery itself where it matters.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, Select, delete, select, tuple_

from app.model.delivery import Delivery
from app.model.start import Match, Matching
from app.outbox import tables
from app.outbox.dialect import insert_all

_COLUMNS = ("digest", "delivery_id")
_AT_ONCE = 1000
_NAMED = (Matching.EMAIL, Matching.PHONE, Matching.PROFILE_ID, Matching.EMAIL_PROFILE)


def person_key(connection: Connection) -> bytes:
    """Of this store."""
    found = connection.execute(
        select(tables.setting.c.value).where(tables.setting.c.name == "person_key")
    )
    return bytes(found.scalar_one())


def digest_of(key: bytes, matching: str, value: str, field: str = "") -> int:
    """Of a normalised value: an e-mail, a phone in E.164, a profile id, a custom field's."""
    text = "\0".join((matching, field, value)).encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(text, key=key, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def write_people(connection: Connection, key: bytes, deliveries: Iterable[Delivery]) -> None:
    rows = {(digest, d.id) for d in deliveries for digest in _digests(key, d)}
    if rows:
        # In order: neighbours in the index are written together.
        insert_all(connection, tables.person, _COLUMNS, sorted(rows))


def _digests(key: bytes, delivery: Delivery) -> Iterator[int]:
    for match in delivery.start.matches:
        yield from _of_match(key, match)


def _of_match(key: bytes, match: Match) -> Iterator[int]:
    if match.matching is Matching.CUSTOM:
        yield digest_of(key, "custom", str(match.value), match.field or "")
    elif match.matching in _NAMED:
        name = "email" if match.matching is Matching.EMAIL_PROFILE else match.matching.value
        yield digest_of(key, name, str(match.value).lower())


def forget(connection: Connection, key: bytes, deliveries: Iterable[Delivery]) -> None:
    """Who is concerned by them."""
    pairs = sorted({(digest, d.id) for d in deliveries for digest in _digests(key, d)})
    table = tables.person.c
    for start in range(0, len(pairs), _AT_ONCE):
        chosen = tuple_(table.digest, table.delivery_id).in_(pairs[start : start + _AT_ONCE])
        connection.execute(delete(tables.person).where(chosen))


def deliveries_of(digests: Sequence[int]) -> Select[tuple[str]]:
    return select(tables.person.c.delivery_id).where(tables.person.c.digest.in_(digests))
