"""A configuration for trials alone."""

from pathlib import Path

from app.config.document import read_document
from app.config.secrets import SecretReader
from app.revision import Revision, build_revision

# Good as a text, as hex, as base64 and within an address, whatever a source asks for.
PLACEHOLDER = "0123456789abcdef" * 4


def revision_without_secrets(config: Path) -> Revision:
    """Reads none of the secrets that the file refers to, so that it says the same on every machine;
    it can neither let a call in nor send one. Raises ConfigRefused."""
    secrets = SecretReader({}, config.resolve().parent, placeholder=PLACEHOLDER)
    return build_revision(read_document(config), secrets)
