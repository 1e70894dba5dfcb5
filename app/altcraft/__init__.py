"""Altcraft's API: what is asked, how it is sent, what its answers mean. Knows no store.

Facts are those of Altcraft's public guides: "Engage profile in scenario", "API interaction".
"""

from app.altcraft.progress import Progress
from app.altcraft.requests import Item

__all__ = ["Item", "Progress"]
