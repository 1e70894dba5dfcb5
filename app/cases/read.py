"""Finds cases and reads them, with every fault of theirs at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from app.cases.shape import Case, CaseFile
from app.config.document import Document, parse_document, read_document
from app.config.faults import ConfigRefused, Fault
from app.config.validate import shape_faults
from app.kit.errors import BridgeError

_SUFFIXES = (".yaml", ".yml")


class CasesRefused(BridgeError):
    """There are no cases, or they can't be used. The text has a line for each fault."""

    slug = "configuration"


@dataclass(frozen=True, slots=True)
class PlacedCase:
    """A case and where it stands; its bodies in files are looked for beside `file`."""

    case: Case
    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.case.name}"


def cases_folder(config: Path) -> Path:
    """`bridge.tests` beside `bridge.yaml`."""
    return config.with_name(f"{config.stem}.tests")


def find_cases(place: Path) -> Sequence[PlacedCase]:
    """Those of a file, or of all YAML files below a folder, in the order of their names. Raises
    CasesRefused when there is none or one of them has a fault."""
    found: list[PlacedCase] = []
    lines: list[str] = []
    for file in _files(place):
        try:
            found += read_cases(read_document(file), file)
        except ConfigRefused as refused:
            lines += refused.lines()
    if lines:
        raise CasesRefused("\n".join(lines))
    if not found:
        raise CasesRefused(f"{place}: holds no cases: write one, or name another with --cases")
    return found


def case_of_text(text: str) -> PlacedCase:
    """Raises ConfigRefused."""
    return next(read_cases(parse_document(text.encode(), file="case"), Path("case")))


def _files(place: Path) -> Sequence[Path]:
    if not place.is_dir():
        if not place.exists():
            raise CasesRefused(f"{place}: is not there: make it, or name another with --cases")
        return [place]
    return sorted(path for path in place.rglob("*") if path.suffix in _SUFFIXES and path.is_file())


def read_cases(document: Document, file: Path) -> Iterator[PlacedCase]:
    """Raises ConfigRefused with every fault of the file."""
    if not isinstance(document.root, list | dict):
        reason = "expected a case, or a list of them"
        raise ConfigRefused(document.file, [Fault("file", reason, line=1)])
    try:
        cases = CaseFile.model_validate(document.root).root
    except ValidationError as error:
        raise ConfigRefused(document.file, shape_faults(error, CaseFile, document)) from None
    is_list = isinstance(document.root, list)
    for index, case in enumerate(cases):
        yield PlacedCase(case, file, document.line((index,) if is_list else ()))
