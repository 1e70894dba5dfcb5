"""Keys that stand at an address on the network."""

from typing import Protocol


class KeySets(Protocol):
    """Holds what stands at addresses; sources themselves never ask the network.

    Whoever provides this fetches in the background, over https alone, follows no redirect to
    another host, limits size and time, keeps a bounded number of addresses (those of
    certificates come from calls that are not yet authenticated, though only within the allowed
    hosts), and fetches anew now and then.
    """

    def current(self, url: str) -> str | None:
        """The text that stands at `url`. None while it is not there: asking is the wish to have
        it fetched soon."""
