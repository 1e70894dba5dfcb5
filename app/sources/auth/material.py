"""Reads the secrets and keys of a way of proof, and notes what is wrong with them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from app.config.document import KeyPath, key_text
from app.config.faults import Fault, Severity
from app.config.schema.secret import SecretRef
from app.config.secrets import SecretMissing, SecretReader
from app.kit.secret import Secret
from app.sources.auth.key_sets import Addresses

T = TypeVar("T")
G = TypeVar("G")

_LEAST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Where:
    """A key path of the file. `is_fixed`: what is below was not written by the user but comes of a
    preset, so that this is the place to mend it."""

    path: KeyPath
    is_fixed: bool = False

    def __truediv__(self, step: str | int) -> "Where":
        return self if self.is_fixed else Where((*self.path, step))

    def fixed(self, *path: str | int) -> "Where":
        return Where((*self.path, *path), is_fixed=True)

    def item(self, index: int, count: int) -> "Where":
        """One of several stands in a list; a single one may stand as itself."""
        return self / index if count > 1 else self

    def __str__(self) -> str:
        return key_text(self.path)


@dataclass(slots=True)
class Material:
    """`forbidden` are secrets that everybody knows; `addresses` is where keys are fetched;
    `is_lacking` when a placeholder stood where a public key has to be."""

    reader: SecretReader
    forbidden: Collection[str]
    faults: list[Fault] = field(default_factory=list)
    first: Secret | None = None
    addresses: list[Addresses] = field(default_factory=list)
    is_lacking: bool = False

    def fault(self, where: Where, reason: str, hint: str | None = None) -> None:
        self.faults.append(Fault(str(where), reason, hint=hint))

    def warn(self, where: Where, reason: str, hint: str | None = None) -> None:
        self.faults.append(Fault(str(where), reason, hint=hint, severity=Severity.WARNING))

    def secrets(self, refs: Sequence[SecretRef], where: Where) -> tuple[Secret, ...]:
        """Those that can be read and used; the others are faults."""
        found = tuple(secret for secret, _ in self._secrets(refs, where))
        self.first = self.first or (found[0] if found else None)
        return found

    def _secrets(self, refs: Sequence[SecretRef], where: Where) -> Iterator[tuple[Secret, Where]]:
        for secret, place in self._read(refs, where):
            if secret.reveal() in self.forbidden:
                reason = "is a secret that stands in public documentation: anybody may sign with it"
                self.fault(place, reason, hint="use the secret that the system shows you alone")
                continue
            if secret.reveal() != secret.reveal().strip():
                self.warn(place, "begins or ends with white space: is that meant?")
            yield secret, place

    def keys(
        self,
        refs: Sequence[SecretRef],
        where: Where,
        convert: Callable[[str], bytes | None],
        expected: str,
    ) -> tuple[bytes, ...]:
        """Secrets as bytes; `convert` yields None for one that is not written as `expected`."""
        found = []
        for secret, place in self._secrets(refs, where):
            key = convert(secret.reveal())
            if not key:
                self.fault(place, f"the secret is not {expected}")
                continue
            self.check_length(key, place)
            self.first = self.first or secret
            found.append(key)
        return tuple(found)

    def check_length(self, key: bytes, where: Where) -> None:
        if len(key) < _LEAST_BYTES:
            reason = f"is shorter than {_LEAST_BYTES} bytes: it may be guessed"
            self.warn(where, reason, hint="a random text of 32 characters is good")

    def texts(self, refs: Sequence[SecretRef], where: Where) -> Iterator[tuple[str, Where]]:
        """What is kept like a secret but is none: public keys, certificates."""
        for secret, place in self._read(refs, where):
            yield secret.reveal(), place

    def converted(
        self, texts: Iterable[tuple[G, Where]], convert: Callable[[G], T]
    ) -> tuple[T, ...]:
        """`convert` raises ValueError with what is wrong, without the text."""
        found = []
        for text, where in texts:
            try:
                found.append(convert(text))
            except ValueError as error:
                if text == self.reader.placeholder:
                    self.is_lacking = True
                    continue
                self.fault(where, str(error))
        return tuple(found)

    def _read(self, refs: Sequence[SecretRef], where: Where) -> Iterator[tuple[Secret, Where]]:
        if not refs:
            self.fault(where, "names no secret", hint="give {env: NAME} or {file: PATH}")
        for index, ref in enumerate(refs):
            place = where.item(index, len(refs))
            try:
                yield self.reader.one(ref), place
            except SecretMissing as missing:
                self.fault(place, str(missing), hint=missing.hint)


def written_here(texts: Sequence[str], where: Where) -> Iterator[tuple[str, Where]]:
    for index, text in enumerate(texts):
        yield text, where.item(index, len(texts))
