"""A configuration for trials alone."""

from pathlib import Path

from app.config.document import read_document
from app.config.secrets import PLACEHOLDER, SecretReader
from app.revision import Revision, build_revision


def revision_without_secrets(config: Path) -> Revision:
    """Reads none of the secrets that the file refers to, so that it says the same on every machine;
    it can neither let a call in nor send one. Raises ConfigRefused."""
    secrets = SecretReader({}, config.resolve().parent, placeholder=PLACEHOLDER)
    return build_revision(read_document(config), secrets)
