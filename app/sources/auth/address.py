"""Callers known by their address."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from app.sources.auth.places import SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.scheme import Unsigned
from app.sources.auth.spot import Decoding, Fields
from app.sources.call import Call

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Address(Unsigned):
    networks: tuple[Network, ...]

    @property
    def secret_places(self) -> SecretPlaces:
        return SecretPlaces()

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        address = _address(call.client)
        if address is None:
            return refuse("ip", Why.ABSENT)
        is_allowed = any(address in network for network in self.networks)
        return None if is_allowed else refuse("ip", Why.ADDRESS)

    def sign(self, call: Call, decode: Decoding) -> Call:
        """Where a call is sent from is its proof: there is nothing to add."""
        return call


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    # A socket that listens on both kinds reports IPv4 callers as ::ffff:a.b.c.d.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
