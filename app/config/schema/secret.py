"""Where a secret is kept; the secret itself is never in the file."""

from typing import Self, TypeAlias

from pydantic import Field, model_validator

from app.config.schema.base import OneOrMany, Part


class SecretRef(Part):
    """A secret by the name of an environment variable or the path of a file that holds it."""

    env: str | None = Field(
        None, description="name of the environment variable", pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$"
    )
    file: str | None = Field(
        None, description="path of the file; one trailing line end is left out", min_length=1
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("expected {env: NAME} or {file: PATH}, one of them")
        return self


Secrets: TypeAlias = OneOrMany[SecretRef]
"""One secret, or several of which any is taken (rotation)."""
