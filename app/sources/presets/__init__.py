"""Known systems: how each calls, as data. One file a system, in the keys of a source."""

from app.sources.presets.example import SECRET_MARK, Example, Request
from app.sources.presets.preset import Facts, Preset, presets

__all__ = ["SECRET_MARK", "Example", "Facts", "Preset", "Request", "presets"]
