"""Turns a reference to a secret into the secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.config.schema.secret import SecretRef
from app.kit.errors import BridgeError
from app.kit.secret import Secret

# For trials alone. Good as a text, as hex, as base64 and within an address, whatever a source
# asks for.
PLACEHOLDER = "0123456789abcdef" * 4
_MAX_BYTES = 64 * 1024


class SecretMissing(BridgeError):
    """A secret that the file refers to is not there, or is empty. `hint` says what to do."""

    slug = "configuration"

    def __init__(self, reason: str, hint: str = "set it") -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class SecretReader:
    """Relative paths of secret files start at `base`, the folder of the configuration. With a
    `placeholder` nothing is read: it stands for every secret."""

    environ: Mapping[str, str]
    base: Path
    placeholder: str | None = None

    def one(self, ref: SecretRef) -> Secret:
        """Raises SecretMissing, whose text names the variable or file, never its content."""
        if self.placeholder is not None:
            return Secret(self.placeholder)
        return Secret(self._env(ref.env) if ref.env is not None else self._file(ref.file or ""))

    def all(self, refs: Iterable[SecretRef]) -> tuple[Secret, ...]:
        return tuple(self.one(ref) for ref in refs)

    def _env(self, name: str) -> str:
        text = self.environ.get(name, "")
        if not text:
            raise SecretMissing(f"environment variable {name} is not set or empty")
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            raise SecretMissing(f"environment variable {name} is not UTF-8 text")
        return text

    def _file(self, name: str) -> str:
        path = self.base / name
        try:
            raw = path.read_bytes()[: _MAX_BYTES + 1]
            text = raw.decode().removesuffix("\n").removesuffix("\r")
        except OSError as error:
            why = error.strerror or type(error).__name__
            hint = "it must be a file that this process may read"
            raise SecretMissing(f"secret file {path} can't be read: {why}", hint) from None
        except UnicodeDecodeError:
            raise SecretMissing(f"secret file {path} is not UTF-8 text", "check it") from None
        except ValueError:
            raise SecretMissing("the path of a secret file holds a zero byte", "mend it") from None
        if not text or len(raw) > _MAX_BYTES:
            raise SecretMissing(f"secret file {path} is empty or larger than {_MAX_BYTES} bytes")
        return text
