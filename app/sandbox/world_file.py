"""The file that says who and what the stand-in knows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from app.config.document import Document, parse_document, read_document
from app.config.faults import ConfigRefused, Fault
from app.config.validate import shape_faults
from app.kit.errors import BridgeError
from app.sandbox.people import World, WorldFile, identities

_ANYBODY = "any"


class WorldRefused(BridgeError):
    slug = "configuration"


def example_world(*, knows_everybody: bool = False) -> World:
    raw = files("app.sandbox").joinpath("example.yaml").read_bytes()
    return _world(parse_document(raw, file="example.yaml"), knows_everybody=knows_everybody)


def read_world(path: Path, *, knows_everybody: bool = False) -> World:
    """YAML or JSON. `profiles: any` in it is the same as `knows_everybody`.

    Raises WorldRefused with file, line, key, reason and hint of every fault.
    """
    try:
        return _world(read_document(path), knows_everybody=knows_everybody)
    except ConfigRefused as refused:
        raise WorldRefused(str(refused)) from None


def _world(document: Document, *, knows_everybody: bool) -> World:
    root = document.root
    if not isinstance(root, Mapping):
        reason = "expected a mapping with tokens, scenarios and profiles"
        raise ConfigRefused(document.file, [Fault("file", reason, line=1)])
    if root.get("profiles") == _ANYBODY:
        root, knows_everybody = {**root, "profiles": []}, True
    try:
        file = WorldFile.model_validate(root)
    except ValidationError as error:
        faults = [_with_hint(one) for one in shape_faults(error, WorldFile, document)]
        raise ConfigRefused(document.file, faults) from None
    if faults := _repeated(file, document):
        raise ConfigRefused(document.file, faults)
    return World(file, knows_everybody=knows_everybody)


def _with_hint(fault: Fault) -> Fault:
    """YAML takes `+79000000000` and some ids for numbers."""
    if fault.hint is None and "valid string" in fault.reason:
        return replace(fault, hint="put it in quotes")
    return fault


def _repeated(file: WorldFile, document: Document) -> list[Fault]:
    faults = [
        Fault(
            f"{name}[{i}].id",
            f"another {name.removesuffix('s')} has it too",
            line=document.line((name, i, "id")),
            hint="give each its own number",
        )
        for name, numbers in (
            ("scenarios", [scenario.id for scenario in file.scenarios]),
            ("triggers", [trigger.id for trigger in file.triggers]),
        )
        for i, number in enumerate(numbers)
        if numbers.count(number) > 1
    ]
    seen = Counter(key.folded for profile in file.profiles for key in identities(profile))
    return faults + [
        Fault(
            f"profiles[{i}].{key.matching}",
            "another profile has it too",
            line=document.line(("profiles", i, key.matching)),
            hint="ids, e-mails and phones name one profile each",
        )
        for i, profile in enumerate(file.profiles)
        for key in identities(profile)
        if seen[key.folded] > 1
    ]
