"""The whole program at once: its modules, its files, its command line."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import app

ROOT = Path(__file__).parents[2]


def modules() -> list[ModuleType]:
    """All of `app` but what runs when it is imported."""
    return [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(app.__path__, "app.")
        if not found.name.endswith(".__main__") and ".migrations." not in found.name
    ]


def sources(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    """The parsed files below `app`, or below these packages of it."""
    for package in packages or ("",):
        for path in sorted((ROOT / "app" / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def documentation() -> str:
    """The README and all pages in `docs`."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)
