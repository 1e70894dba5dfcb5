"""What one message says: of one thing that needs a person, or of many at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.concerns import words
from app.config.schema.notice import Language, Notice, NoticeShape
from app.model.concern import Concern, ConcernKind
from app.model.json import JsonObject

# A night in which all breaks at once is one message, and a short one.
_MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class Said:
    """A concern that began, or one that is over, of which only the name is left."""

    kind: str
    cause: str
    concern: Concern | None

    @property
    def is_over(self) -> bool:
        return self.concern is None


def body(notice: Notice, said: Sequence[Said], at: datetime) -> JsonObject:
    match notice.shape:
        case NoticeShape.JSON:
            return {"at": at.isoformat(), "link": _link(notice), "concerns": [*map(_shape, said)]}
        case NoticeShape.SLACK:
            return {"text": text(notice, said)}
        case NoticeShape.TELEGRAM:
            return _of_telegram(notice, text(notice, said))


def try_out(notice: Notice, at: datetime) -> JsonObject:
    told = words.TRY_OUT[notice.language]
    match notice.shape:
        case NoticeShape.JSON:
            return {"at": at.isoformat(), "link": _link(notice), "concerns": [], "try_out": told}
        case NoticeShape.SLACK:
            return {"text": told}
        case NoticeShape.TELEGRAM:
            return _of_telegram(notice, told)


def _of_telegram(notice: Notice, told: str) -> JsonObject:
    # Without a parse mode: nothing in a name is taken for markup.
    return {"chat_id": notice.chat, "text": told, "link_preview_options": {"is_disabled": True}}


def _link(notice: Notice) -> str | None:
    return str(notice.link) if notice.link else None


def _shape(said: Said) -> JsonObject:
    one = said.concern
    if one is None:
        return {"kind": said.kind, "cause": said.cause, "is_over": True}
    return {
        "kind": said.kind,
        "cause": said.cause,
        "is_over": False,
        "severity": one.severity.value,
        "since": one.since.isoformat(),
        "advice": one.advice.value,
        "where": one.where,
        "about": dict(one.about),
    }


def text(notice: Notice, said: Sequence[Said]) -> str:
    language = notice.language
    lines = [words.HEAD[language]] if any(not one.is_over for one in said) else []
    for one in said[:_MOST_LINES]:
        lines.extend(_lines(one, language))
    if len(said) > _MOST_LINES:
        lines.append(words.MORE[language].format(count=len(said) - _MOST_LINES))
    if notice.link is not None:
        lines.append(str(notice.link))
    return "\n".join(lines)


def _lines(said: Said, language: Language) -> Iterator[str]:
    one = said.concern
    if one is None:
        yield f"✓ {words.OVER[language]}: {said.kind} {said.cause}"
        return
    yield f"• {words.title(one, language)}"
    told = words.counts(one, language)
    told.append(f"{words.SINCE[language]} {one.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    yield f"  {', '.join(told)}"
    if one.kind is ConcernKind.PROBLEM:
        yield f"  bridge problems show {one.cause}"
    yield f"  → {words.ADVICE[language][one.advice]}"
