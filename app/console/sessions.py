"""Who is logged in: a signed cookie that only the browser's requests to us carry."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.model.operator import Operator, Role

LASTS_S = 12 * 3600
# Who was let in by a provider is asked for again: it may know better by then.
_BY_PROVIDER_LASTS_S = 3600
_MOST_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """`token_digest`: of the operator's token, looked up anew at each request, so that one that is
    revoked opens nothing. None: `operator` was let in by somebody else (see `openid.py`). `nonce`
    is of this log-in alone."""

    nonce: str
    token_digest: bytes | None = None
    operator: Operator | None = None


class Sessions:
    """`key` is the store's: a session holds in every process of a bridge, and over a restart."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._signer = URLSafeTimedSerializer(key, salt="session")

    def of_token(self, digest: bytes) -> str:
        """The text of the cookie."""
        return self._sign({"t": digest.hex()})

    def of_operator(self, operator: Operator) -> str:
        return self._sign({"n": operator.name, "r": operator.role.value})

    def read(self, cookie: str | None) -> Session | None:
        """None: there is none, it is over, or not ours."""
        if not cookie or len(cookie) > _MOST_CHARACTERS:
            return None
        try:
            session = _session(self._signer.loads(cookie, max_age=LASTS_S))
            if session is not None and session.operator is not None:
                self._signer.loads(cookie, max_age=_BY_PROVIDER_LASTS_S)
        except BadSignature:
            return None
        return session

    def proof(self, session: Session) -> str:
        """What a form of this session has to carry: no other page can know it."""
        return hmac.new(self._key, b"form " + session.nonce.encode(), hashlib.sha256).hexdigest()

    def is_proved(self, session: Session, given: str | None) -> bool:
        return hmac.compare_digest(self.proof(session), given or "")

    def _sign(self, said: dict[str, str]) -> str:
        text: str = self._signer.dumps({**said, "x": secrets.token_urlsafe(12)})
        return text


def _session(found: Any) -> Session | None:
    """Signed by us, though perhaps by another version."""
    try:
        if "t" in found:
            return Session(found["x"], token_digest=bytes.fromhex(found["t"]))
        return Session(found["x"], operator=Operator(found["n"], Role(found["r"])))
    except (KeyError, TypeError, ValueError):
        return None
