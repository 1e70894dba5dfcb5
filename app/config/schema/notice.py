"""Who is told when something needs a person, and how."""

from enum import StrEnum
from typing import Annotated, Self, TypeAlias

from pydantic import Discriminator, Field, HttpUrl, Tag, model_validator

from app.config.schema.base import Name, Part, Seconds
from app.config.schema.secret import SecretRef
from app.model.concern import ConcernKind, Severity

TELEGRAM = "https://api.telegram.org"


class NoticeShape(StrEnum):
    JSON = "json"
    SLACK = "slack"
    TELEGRAM = "telegram"


class Language(StrEnum):
    EN = "en"
    RU = "ru"


def _is_secret(given: object) -> str:
    return "<secret>" if isinstance(given, dict | SecretRef) else "<text>"


NoticeUrl: TypeAlias = Annotated[
    Annotated[HttpUrl, Tag("<text>")] | Annotated[SecretRef, Tag("<secret>")],
    Discriminator(_is_secret),
]


class Notice(Part):
    """One who is told. What needs a person is told once, and again when it begins anew."""

    name: Name = Field(description="of this entry, in logs")
    shape: NoticeShape = Field(
        description="`json`: see notices; `slack`: an incoming webhook, of Mattermost and others, "
        "too; `telegram`: a bot"
    )
    url: NoticeUrl | None = Field(
        None,
        description="where to post; a secret where the address is one, as Slack's is. Of "
        f"`telegram` another server than {TELEGRAM}",
    )
    token: SecretRef | None = Field(None, description="of the bot, for `telegram`")
    chat: str | None = Field(
        None, max_length=100, description='id of the chat, for `telegram`: "-1001234567890"'
    )
    language: Language = Field(Language.EN, description="of the text")
    kinds: tuple[ConcernKind, ...] = Field((), description="only of these kinds; absent: of all")
    severity: Severity = Field(
        Severity.WARNING, description="`critical`: only what wakes somebody; `warning`: all"
    )
    repeat: Seconds | None = Field(
        None, ge=60, description="tell once more so long after, while it goes on; absent: never"
    )
    over: bool = Field(True, description="also tell that it is over")
    link: HttpUrl | None = Field(None, description="an address that stands in the text")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        is_telegram = self.shape is NoticeShape.TELEGRAM
        if is_telegram and (self.token is None or self.chat is None):
            raise ValueError("telegram needs `token` and `chat`")
        if not is_telegram and self.url is None:
            raise ValueError(f"{self.shape} needs `url`")
        if not is_telegram and (self.token is not None or self.chat is not None):
            raise ValueError("`token` and `chat` are for telegram")
        return self
