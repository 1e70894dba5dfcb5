"""Known systems: how each calls, as data. One file a system, in the keys of a source."""

from app.sources.presets.example import Example, Request, SECRET_MARK
from app.sources.presets.preset import Facts, Preset, presets

__all__ = ["SECRET_MARK", "Example", "Facts", "Preset", "Request", "presets"]
