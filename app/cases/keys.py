"""What a field holds of a person, told by its name."""

import re
from enum import StrEnum
from itertools import pairwise

_WORD = re.compile(r"[A-ZА-ЯЁ]?[a-zа-яё]+|[A-ZА-ЯЁ]+(?![a-zа-яё])")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Kind(StrEnum):
    SECRET = "secret"  # noqa: S105 - a name, not a password
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"
    PLACE = "place"
    BIRTH = "birth"
    DOCUMENT = "document"
    TEXT = "text"
    IP = "ip"
    OTHER = "value"
    """Asked for by the user."""


# In the order in which they are looked for: `phone_comment` is a phone first.
_WORDS: tuple[tuple[Kind, str], ...] = (
    (Kind.SECRET, "token secret password passwd pwd apikey signature sig authorization cookie "
     "credential credentials пароль токен"),
    (Kind.PHONE, "phone phones tel telephone mobile cell cellphone msisdn whatsapp viber fax "
     "caller callerid телефон телефоны тел"),
    (Kind.BIRTH, "birthday birthdate birth dob bday рождения"),
    (Kind.DOCUMENT, "passport inn snils ssn iban pan card cardnumber паспорт инн снилс карта"),
    (Kind.IP, "ip ipaddress remoteaddr"),
    (Kind.PLACE, "latitude longitude lat lon lng широта долгота"),
    (Kind.ADDRESS, "address addr street house building apartment flat zip postcode postal zipcode "
     "postalcode city town адрес улица дом квартира индекс город"),
    (Kind.NAME, "firstname lastname surname middlename patronymic fullname fio nickname username "
     "login имя фамилия отчество фио"),
    (Kind.TEXT, "comment comments note notes message text feedback review question answer remark "
     "subject комментарий сообщение вопрос ответ отзыв примечание"),
)  # fmt: skip
_KINDS = {word: kind for kind, words in reversed(_WORDS) for word in words.split()}
_ORDER = [kind for kind, _ in _WORDS]
_JOINED = {
    ("api", "key"): Kind.SECRET, ("private", "key"): Kind.SECRET, ("session", "id"): Kind.SECRET,
    ("remote", "addr"): Kind.IP,
}  # fmt: skip
# `name` after one of these, or within it, is that of a thing.
_THINGS = _words(
    "product products item items goods position positions line lines event field fields file form "
    "forms domain utm campaign status stage pipeline group list tag tags category brand shop store "
    "site page template host method scenario course offer offers plan service class type variant "
    "attribute attributes property properties option options currency country discount"
)
# A bare number under these is that of a thing, whatever it looks like.
_NUMBERS = _words(
    "id ids uuid guid uid code number no num order ts time timestamp created updated date at "
    "amount total sum price cost count quantity index version номер код заказ сумма цена дата"
)
# What is within an address or a name and names nobody.
_PLAIN = _words("country type kind region state locale lang language currency title")


def words_of(key: str) -> tuple[str, ...]:
    """`firstName`, `first_name` and `FIRST-NAME` are first, name."""
    return tuple(word.lower() for word in _WORD.findall(key))


def kind_of(key: str, within: str | None) -> Kind | None:
    """`within` is the name of what holds the field."""
    words = words_of(key)
    for pair in pairwise(words):
        if pair in _JOINED:
            return _JOINED[pair]
    found = {_KINDS[word] for word in words if word in _KINDS}
    if "".join(words) in _KINDS:
        found.add(_KINDS["".join(words)])
    if found - {Kind.TEXT}:
        return min(found, key=_ORDER.index)
    if _is_name(words, within):
        return Kind.NAME
    return Kind.TEXT if found else None


def _is_name(words: tuple[str, ...], within: str | None) -> bool:
    if "name" not in words and "names" not in words:
        return False
    holder = frozenset(words_of(within)) if within and words in (("name",), ("title",)) else ()
    return _THINGS.isdisjoint(words) and _THINGS.isdisjoint(holder)


def is_number_of_thing(key: str | None) -> bool:
    return key is not None and not _NUMBERS.isdisjoint(words_of(key))


def is_plain(key: str) -> bool:
    """Within an address or a name, yet nothing of a person."""
    words = frozenset(words_of(key))
    return not _PLAIN.isdisjoint(words) or not _NUMBERS.isdisjoint(words)
