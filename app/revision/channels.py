"""Where notices go, with the secrets at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.config.faults import Fault
from app.config.schema.notice import TELEGRAM, Notice, NoticeShape
from app.config.schema.secret import SecretRef
from app.config.secrets import SecretMissing, SecretReader
from app.kit.secret import Secret


@dataclass(frozen=True, slots=True)
class Channel:
    """`url` is whole, with the token of a bot in it."""

    settings: Notice
    url: Secret = field(repr=False)

    @property
    def name(self) -> str:
        return self.settings.name


def build_channels(
    notices: Sequence[Notice], secrets: SecretReader
) -> tuple[tuple[Channel, ...], list[Fault]]:
    found: list[Channel] = []
    faults: list[Fault] = []
    for index, notice in enumerate(notices):
        try:
            found.append(Channel(notice, _url(notice, secrets)))
        except SecretMissing as missing:
            faults.append(Fault(f"notices[{index}]", str(missing), hint=missing.hint))
        except ValueError as error:
            faults.append(Fault(f"notices[{index}].url", str(error)))
    return tuple(found), faults


def _url(notice: Notice, secrets: SecretReader) -> Secret:
    """Raises SecretMissing, ValueError."""
    given = notice.url
    if isinstance(given, SecretRef):
        text = secrets.one(given).reveal().strip()
        if secrets.placeholder is None and not text.startswith(("https://", "http://")):
            raise ValueError(
                "the secret is no address: it begins with neither https:// nor http://"
            )
    else:
        text = str(given or TELEGRAM)
    if notice.shape is not NoticeShape.TELEGRAM or notice.token is None:
        return Secret(text)
    token = secrets.one(notice.token).reveal().strip()
    return Secret(f"{text.rstrip('/')}/bot{token}/sendMessage")
