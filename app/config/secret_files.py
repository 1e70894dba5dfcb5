"""Secrets of the environment that stand in files, as Docker and Kubernetes hand them out."""

from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from app.config.schema.secret import SecretRef
from app.config.secrets import SecretMissing, SecretReader


def read_secret_file(path: object) -> SecretStr:
    """Raises ValueError, whose text names the file, never its content."""
    try:
        secret = SecretReader({}, Path()).one(SecretRef(file=str(path)))
    except SecretMissing as missing:
        raise ValueError(str(missing)) from None
    return SecretStr(secret.reveal())


def with_password(address: str, password: SecretStr) -> str:
    """The address of a store with the password of its user in it."""
    parts = urlsplit(address)
    user, at, server = parts.netloc.rpartition("@")
    if not at or ":" in user:
        raise ValueError(
            "with BRIDGE_DATABASE_PASSWORD_FILE expected a user and no password, such as "
            "postgresql+asyncpg://bridge@database/bridge"
        )
    quoted = quote(password.get_secret_value(), safe="")
    return parts._replace(netloc=f"{user}:{quoted}@{server}").geturl()
