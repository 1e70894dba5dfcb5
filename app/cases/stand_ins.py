"""What stands for a person's data: the same for the same, and nothing of the person in it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from app.cases.keys import Kind
from app.expressions.functions import NotNormal, phone

Make: TypeAlias = Callable[[int], str]

_DIGIT = re.compile(r"[0-9]")
_DATES = (
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "1990-01-01"),
    (re.compile(r"\d{2}([./-])\d{2}\1\d{4}"), r"01\g<1>01\g<1>1990"),
    (re.compile(r"\d{4}([./])\d{2}\1\d{2}"), r"1990\g<1>01\g<1>01"),
)
_TAILS = (7, 6, 5, 4)
_LEFT_DIGITS = 3


@dataclass(slots=True)
class StandIns:
    """`region` as the source's; `avoid` is a text in which no stand-in may stand already."""

    region: str | None
    avoid: str = field(repr=False)
    originals: set[str] = field(default_factory=set, repr=False)
    """The e-mails and phones that were replaced, as they were written."""
    _known: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _numbers: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    _counts: dict[str, int] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set, repr=False)
    """The phones that are stand-ins, in their normal form."""

    def email(self, given: str) -> str:
        self.originals.add(given)
        return self._kept("email", given.lower(), lambda n: f"person{n}@example.com")

    def phone(self, given: str) -> str:
        """Of the same form and country: the last digits are others. A stand-in stays."""
        normal = self.normal_phone(given)
        known = normal or "".join(_DIGIT.findall(given))
        if known in self._made:
            return given
        self.originals.add(given)
        if known not in self._numbers:
            self._numbers[known] = self._number(given, has_normal=normal is not None)
        number, tail = self._numbers[known]
        made = _with_tail(given, number, tail)
        self._made.add(self.normal_phone(made) or "".join(_DIGIT.findall(made)))
        return made

    def normal_phone(self, given: str) -> str | None:
        try:
            return phone(given, self.region)
        except NotNormal:
            return None

    def knows_phone(self, normal: str) -> bool:
        return normal in self._numbers

    def of_kind(self, kind: Kind, given: str) -> str:
        if not given.strip():
            return given
        match kind:
            case Kind.SECRET:
                return "***"
            case Kind.BIRTH:
                return _born(given)
            case Kind.DOCUMENT:
                return self._digits(given)
            case Kind.PLACE:
                return "0"
            case Kind.IP:
                return self._kept(kind, given, lambda n: f"192.0.2.{(n - 1) % 254 + 1}")
            case _:
                return self._kept(kind, given, lambda n: f"{kind.value} {n}")

    def _digits(self, given: str) -> str:
        count = len(_DIGIT.findall(given))
        if not count:
            return self._kept("document", given, lambda n: f"document {n}")
        number = self._kept("document", given, lambda n: str(n).zfill(count)[-count:])
        digits = iter(number)
        return _DIGIT.sub(lambda _: next(digits), given)

    def _kept(self, group: str, given: str, make: Make) -> str:
        if (group, given) not in self._known:
            self._known[group, given] = self._new(group, make)
        return self._known[group, given]

    def _new(self, group: str, make: Make) -> str:
        for _ in range(1000):
            made = make(self._next(group))
            if made not in self.avoid:
                return made
        return made

    def _next(self, group: str) -> int:
        self._counts[group] = self._counts.get(group, 0) + 1
        return self._counts[group]

    def _number(self, given: str, *, has_normal: bool) -> tuple[int, int]:
        """The number that stands for a phone, and how many of its last digits it takes."""
        count = len(_DIGIT.findall(given))
        for _ in range(1000):
            number = self._next("phone")
            for tail in _TAILS:
                made = _with_tail(given, number, tail)
                is_good = tail <= count - _LEFT_DIGITS and made not in self.avoid
                if is_good and (not has_normal or self.normal_phone(made) is not None):
                    return number, tail
        return self._next("phone"), max(1, min(_TAILS[-1], count - 1))


def _with_tail(given: str, number: int, tail: int) -> str:
    places = [found.start() for found in _DIGIT.finditer(given)]
    count = min(tail, len(places))
    chars = list(given)
    digits = str(number).zfill(count)[-count:] if count else ""
    for place, digit in zip(places[len(places) - count :], digits, strict=True):
        chars[place] = digit
    return "".join(chars)


def _born(given: str) -> str:
    for form, stand_in in _DATES:
        if form.search(given):
            return form.sub(stand_in, given)
    return "1990-01-01"
