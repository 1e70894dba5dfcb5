"""Holds a configuration against the platforms themselves: which scenarios are there."""

from app.live.check import LiveCheck, check_live
from app.live.listing import Listing, Scenarios, Unlisted

__all__ = ["Listing", "LiveCheck", "Scenarios", "Unlisted", "check_live"]
