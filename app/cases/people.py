"""Finds a person's data in the values of a call, and puts stand-ins in its place."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import phonenumbers

from app.cases.keys import Kind, is_number_of_thing, is_plain, kind_of
from app.cases.stand_ins import StandIns
from app.expressions.functions import NotNormal, email
from app.model.json import Json

# Ends at what parts the values of an address or a form; the length is bounded, as every character
# of a long text may be a beginning.
_EMAIL = re.compile(
    r"""(?:"[^"\n]{1,64}"|[^\s<>"(),;:\[\]\\=&?/@]{1,128}?)(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+"""
)
_WITH_PLUS = re.compile(r"(?:\+|%2B)[1-9](?:[\s().-]{0,3}\d){7,14}(?!\d)")
_LIKE_PHONE = re.compile(r"[\d\s()+.-]{10,24}")
_LEAST_DIGITS = 5
_SHORT_SECRET = 6
_INHERITED = frozenset(Kind) - {Kind.TEXT, Kind.IP}
_NUMERIC = frozenset({Kind.PHONE, Kind.DOCUMENT, Kind.OTHER, Kind.PLACE, Kind.SECRET})


@dataclass(frozen=True, slots=True)
class Choice:
    """Keys in lower case. `literals` are texts that the rules compare with: no person is in them.
    `is_all_kept`: only secrets are taken out."""

    keep: frozenset[str] = frozenset()
    replace: frozenset[str] = frozenset()
    literals: frozenset[str] = frozenset()
    is_all_kept: bool = False


@dataclass(slots=True)
class People:
    """`secrets` are the values of the call that must not stay."""

    stand_ins: StandIns
    choice: Choice
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def value(
        self,
        given: Json,
        key: str | None = None,
        within: str | None = None,
        inherited: Kind | None = None,
    ) -> Json:
        """`key` is the name of the value, `within` of what holds it; `inherited` is what the
        holder is of a person."""
        match given:
            case str():
                return self.text(given, key, within, inherited)
            case bool() | None:
                return given
            case int() | float():
                return self._number(given, key, within, inherited)
            case Mapping():
                kind = self._kind(key, within, inherited) if key else inherited
                inner = kind if kind in _INHERITED else None
                return {
                    self.name(name): self.value(one, name, key, inner)
                    for name, one in given.items()
                }
            case _:
                return [self.value(one, key, within, inherited) for one in given]

    def text(
        self,
        given: str,
        key: str | None = None,
        within: str | None = None,
        inherited: Kind | None = None,
    ) -> str:
        given = self._without_secrets(given)
        nested = _nested(given)
        if nested is not None:
            return json.dumps(self.value(nested, key, within, inherited), ensure_ascii=False)
        kind = self._kind(key, within, inherited)
        if kind is Kind.SECRET:
            return self.stand_ins.of_kind(kind, given)
        if self._is_kept(key):
            return given
        if kind is not Kind.OTHER and _is_email(given):
            return self.stand_ins.email(given.strip())
        return self._of_kind(given, kind, key)

    def name(self, given: str) -> str:
        """The name of a field, which may be a person's address, too."""
        return given if self._is_kept(given) else self.loose(given)

    def loose(self, given: str) -> str:
        """E-mails and phones within a text."""
        if self.choice.is_all_kept:
            return self._without_secrets(given)
        given = _EMAIL.sub(lambda found: self.stand_ins.email(found[0]), given)
        given = _WITH_PLUS.sub(lambda found: self.stand_ins.phone(found[0]), given)
        return self._known(self._national(given))

    def _of_kind(self, given: str, kind: Kind | None, key: str | None) -> str:
        if kind is Kind.PHONE:
            is_number = sum(map(str.isdecimal, given)) >= _LEAST_DIGITS
            return self.stand_ins.phone(given) if is_number else self.loose(given)
        if kind is not None:
            is_literal = given in self.choice.literals and kind is not Kind.OTHER
            return given if is_literal else self.stand_ins.of_kind(kind, given)
        if _is_ip(given):
            return self.stand_ins.of_kind(Kind.IP, given)
        if given.strip().isdecimal() and is_number_of_thing(key):
            return self._same_person(given)
        return self.stand_ins.phone(given) if self._is_phone(given) else self.loose(given)

    def _number(
        self, given: int | float, key: str | None, within: str | None, inherited: Kind | None
    ) -> int | float:
        kind = self._kind(key, within, inherited)
        if (self._is_kept(key) and kind is not Kind.SECRET) or given < 0:
            return given
        if kind in (Kind.PLACE, Kind.SECRET) or (isinstance(given, float) and kind in _NUMERIC):
            return type(given)(0)
        if isinstance(given, float):
            return given
        return self._whole(given, kind, key)

    def _whole(self, given: int, kind: Kind | None, key: str | None) -> int:
        text = str(given)
        if kind is Kind.PHONE and len(text) >= _LEAST_DIGITS:
            return int(self.stand_ins.phone(text))
        if kind in (Kind.DOCUMENT, Kind.OTHER):
            return int(self.stand_ins.of_kind(Kind.DOCUMENT, text))
        if is_number_of_thing(key) or not self._is_phone(text):
            return int(self._same_person(text))
        return int(self.stand_ins.phone(text))

    def _kind(self, key: str | None, within: str | None, inherited: Kind | None) -> Kind | None:
        if key is None:
            return inherited
        if key.lower() in self.choice.replace:
            return Kind.OTHER
        found = kind_of(key, within)
        return found if found is not None or is_plain(key) else inherited

    def _is_kept(self, key: str | None) -> bool:
        return self.choice.is_all_kept or (key is not None and key.lower() in self.choice.keep)

    def _without_secrets(self, given: str) -> str:
        if given in self.secrets:
            return "***"
        for secret in self.secrets:
            if len(secret) >= _SHORT_SECRET:
                given = given.replace(secret, "***")
        return given

    def _is_phone(self, given: str) -> bool:
        """As a whole, and one that is in use: other numbers look alike."""
        if not _LIKE_PHONE.fullmatch(given.strip()):
            return False
        normal = self.stand_ins.normal_phone(given)
        if normal is None:
            return False
        return given.strip().startswith("+") or _is_valid(normal)

    def _same_person(self, given: str) -> str:
        """A number that is that of a known phone, whatever its key says."""
        normal = self.stand_ins.normal_phone(given)
        is_known = normal is not None and self.stand_ins.knows_phone(normal)
        return self.stand_ins.phone(given) if is_known else given

    def _national(self, given: str) -> str:
        if self.stand_ins.region is None or sum(map(str.isdecimal, given)) < _LEAST_DIGITS:
            return given
        found = list(phonenumbers.PhoneNumberMatcher(given, self.stand_ins.region))
        for one in reversed(found):
            given = given[: one.start] + self.stand_ins.phone(one.raw_string) + given[one.end :]
        return given

    def _known(self, given: str) -> str:
        """What was found as a whole elsewhere may stand within this text."""
        for original in sorted(self.stand_ins.originals, key=len, reverse=True):
            if original in given:
                is_email = "@" in original or "%40" in original
                stand_in = (self.stand_ins.email if is_email else self.stand_ins.phone)(original)
                given = as_whole(original).sub(stand_in, given)
        return given


def as_whole(text: str) -> re.Pattern[str]:
    """`text`, but not as a part of a longer number or name: a stand-in may begin alike."""
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")


def _nested(given: str) -> Json:
    """A JSON object or list that is written within a text."""
    if given.lstrip()[:1] not in ("{", "["):
        return None
    try:
        found: Json = json.loads(given)
    except (ValueError, RecursionError):
        return None
    return found


def _is_email(given: str) -> bool:
    if "@" not in given:
        return False
    try:
        email(given)
    except NotNormal:
        return False
    return True


def _is_ip(given: str) -> bool:
    try:
        ip_address(given.strip())
    except ValueError:
        return False
    return True


def _is_valid(normal: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(normal))
