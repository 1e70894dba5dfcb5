"""What differs by machine: the environment, prefix `BRIDGE_`."""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.config.faults import ConfigRefused, Fault
from app.config.secret_files import read_secret_file, with_password
from app.kit.log_choice import LogFormat, LogLevel


def _read(path: object) -> SecretStr | None:
    return None if path is None else read_secret_file(path)


def _split(given: Any) -> Any:
    if isinstance(given, str):
        return tuple(filter(None, (one.strip() for one in given.split(","))))
    return given


SecretFile = Annotated[SecretStr | None, BeforeValidator(_read)]
Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="BRIDGE_",
        # An empty variable is how compose files and charts write "not set": an empty token must
        # never become the token that opens the operator API.
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
    )

    config: Path = Field(Path("bridge.yaml"), description="the configuration file")
    # What stands in a file comes before what takes it in.
    database_password_file: SecretFile = Field(
        None, description="file with the password of the user in `BRIDGE_DATABASE_URL`"
    )
    database_url: str = Field(
        "sqlite+aiosqlite:///data/bridge.db",
        description="where events and deliveries are kept",
        repr=False,  # it may hold a password
    )
    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 in the container")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    public_url: str | None = Field(
        None, description="the address callers use, when a proxy stands before the bridge"
    )
    trusted_proxies: Texts = Field(
        (), description="networks whose X-Forwarded-For is believed, parted by commas"
    )
    admin_token_file: SecretFile = Field(None, description="file with `BRIDGE_ADMIN_TOKEN`")
    admin_token: SecretStr | None = Field(None, description="opens the operator API")
    oidc_issuer: str | None = Field(
        None, description="lets operators into the console by this OpenID Connect provider, too"
    )
    oidc_client_id: str | None = Field(None, description="as the provider knows the console")
    oidc_client_secret_file: SecretFile = Field(
        None, description="file with `BRIDGE_OIDC_CLIENT_SECRET`"
    )
    oidc_client_secret: SecretStr | None = Field(None, description="proves the console to it")
    oidc_scopes: str = Field("openid profile email", description="what the provider is asked for")
    oidc_claim: str = Field(
        "groups", description="the claim, a text or a list, that says who may do what"
    )
    oidc_operators: Texts = Field(
        (), description="values of the claim that make an operator, parted by commas"
    )
    oidc_viewers: Texts = Field(
        (), description="values of the claim that make a viewer; `*`: whoever the provider knows"
    )
    operator: str | None = Field(
        None, max_length=200, description="who acts by the command line, as it is recorded"
    )
    log_format: LogFormat = Field(LogFormat.AUTO, description="human on a terminal, else JSON")
    log_level: LogLevel = Field(LogLevel.INFO, description="the least level that is written")
    otlp_endpoint: str | None = Field(
        None,
        description="where traces go, a collector that speaks OTLP over HTTP, such as "
        "http://127.0.0.1:4318; without it there are none. Needs the extra `otel`",
    )

    @field_validator("database_url")
    @classmethod
    def _takes_its_password(cls, given: str, info: ValidationInfo) -> str:
        password = info.data.get("database_password_file")
        return given if password is None else with_password(given, password)

    @field_validator("admin_token", "oidc_client_secret")
    @classmethod
    def _stands_in_its_file(cls, given: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        return given or info.data.get(f"{info.field_name}_file")

    @field_validator("oidc_issuer", "public_url")
    @classmethod
    def _is_http(cls, given: str | None) -> str | None:
        if given is not None and not given.startswith(("http://", "https://")):
            raise ValueError("expected an address such as https://hooks.example.com")
        return given.rstrip("/") if given else None

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> Self:
        if self.oidc_issuer is None:
            return self
        if not self.oidc_client_id:
            raise ValueError("BRIDGE_OIDC_ISSUER needs BRIDGE_OIDC_CLIENT_ID beside it")
        if not self.oidc_operators and not self.oidc_viewers:
            raise ValueError(
                "BRIDGE_OIDC_ISSUER lets nobody in: set BRIDGE_OIDC_OPERATORS or "
                "BRIDGE_OIDC_VIEWERS to values of the claim in BRIDGE_OIDC_CLAIM"
            )
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for network in given:
                ip_network(network, strict=False)
        except ValueError:
            raise ValueError("expected networks such as 10.0.0.0/8, parted by commas") from None
        return given

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_plain_http(cls, given: str | None) -> str | None:
        if given is None:
            return None
        parts = urlsplit(given)
        is_plain = parts.hostname and not (parts.username or parts.query or parts.fragment)
        if parts.scheme not in ("http", "https") or not is_plain:
            raise ValueError(
                "expected an address such as http://127.0.0.1:4318; what it asks for as proof "
                "goes into OTEL_EXPORTER_OTLP_HEADERS"
            )
        return given.rstrip("/")


def read_settings(**overrides: object) -> Settings:
    """The environment, with what the command line says on top.

    Raises ConfigRefused naming each variable that can't be used.
    """
    given = {name: setting for name, setting in overrides.items() if setting is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        faults = [
            Fault(
                f"BRIDGE_{'.'.join(str(part) for part in e['loc'])}".upper(),
                e["msg"].removeprefix("Value error, "),
            )
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigRefused("environment", faults) from None


def environment() -> Mapping[str, str]:
    """The process's environment, for secrets."""
    return os.environ  # noqa: TID251 - the one place that reads it
