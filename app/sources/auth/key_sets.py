"""Keys that stand at an address on the network."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class KeySets(Protocol):
    """Holds what stands at addresses; sources themselves never ask the network.

    Whoever provides this fetches in the background, over https alone, follows no redirect,
    limits size and time, keeps a bounded number of addresses (those of certificates come from
    calls that are not yet authenticated, though only within the allowed hosts), and fetches anew
    now and then. Neither method waits or raises.
    """

    def current(self, url: str) -> str | None:
        """The text that stands at `url`. None while it is not there: asking is the wish to have
        it fetched soon."""

    def look_again(self, url: str) -> None:
        """What stands at `url` lacks the key that a call was made with: the wish to have it
        fetched before its time. Heard only now and then, for anybody can make such a call."""


class NothingFetched:
    """Where a configuration is looked at and no call is checked."""

    def current(self, url: str) -> str | None:
        return None

    def look_again(self, url: str) -> None:
        return


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where keys may be fetched: at the addresses that the file names itself, and at those that
    calls name, though at `hosts` alone (one with a dot in front: all below it)."""

    named: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def joined(cls, several: Iterable["Addresses"]) -> "Addresses":
        listed = list(several)
        return cls(
            frozenset().union(*(one.named for one in listed)),
            frozenset().union(*(one.hosts for one in listed)),
        )


def is_within(host: str, hosts: Iterable[str]) -> bool:
    return any(
        host.endswith(allowed) if allowed.startswith(".") else host == allowed for allowed in hosts
    )
