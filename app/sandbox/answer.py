"""What a method of Altcraft answers, and what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Body: TypeAlias = Mapping[str, Any]
DONE = "Successful operation"


@dataclass(frozen=True, slots=True)
class Answer:
    """`error` 0 is success. `more` are further fields of the reply. `person` is how the caller
    named the profile, `scenario` the number of the `target`: `scenario` or `trigger`. `members`
    are the answers of a batch, one for each profile."""

    error: int
    text: str
    more: Mapping[str, Any] = field(default_factory=dict)
    started: bool = False
    person: str | None = None
    scenario: int | None = None
    target: str = "scenario"
    members: Sequence["Answer"] = ()

    def shape(self) -> dict[str, Any]:
        return {"error": self.error, "error_text": self.text, **self.more}


class Refused(Exception):
    def __init__(self, error: int, text: str, person: str | None = None) -> None:
        super().__init__(text)
        self.error = error
        self.text = text
        self.person = person


def incorrect(why: str) -> Refused:
    return Refused(400, f"Incorrect request: {why}")


def number_of(body: Body, name: str) -> int:
    number = body.get(name)
    if type(number) is not int:  # a bool is an int to isinstance
        raise incorrect(f"{name} must be int")
    return number
