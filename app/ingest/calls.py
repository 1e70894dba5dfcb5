"""Makes a Call of a request, whichever way it came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from app.ingest.intake import Door
from app.sources.call import Call, make_call, query_parameters
from app.web.asgi import Scope
from app.web.heads import headers_of
from app.web.short_way import Exchange

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class CallMaker:
    """`public_url` is how callers address the bridge; without it, what their request says.
    `trusted_proxies` are the peers whose X-Forwarded-For is believed."""

    public_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()

    def of_scope(self, scope: Scope, door: Door, body: bytes, at: datetime) -> Call:
        """Raises ValueError for a query with too many parameters."""
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        target = raw_path + (b"?" + query if query else b"")
        headers = headers_of(scope["headers"])
        peer = scope.get("client")
        return self._make(door, scope["method"], target, headers, body, at, peer, scope["scheme"])

    def of_exchange(self, exchange: Exchange[Door], at: datetime) -> Call:
        """Raises ValueError for a query with too many parameters."""
        method, peer = exchange.method.decode("latin-1"), exchange.client
        headers, scheme = exchange.headers, exchange.scheme
        return self._make(
            exchange.door, method, exchange.target, headers, exchange.body, at, peer, scheme
        )

    def _make(
        self,
        door: Door,
        method: str,
        raw_target: bytes,
        headers: Mapping[str, str],
        body: bytes,
        at: datetime,
        peer: tuple[str, int] | None,
        scheme: str,
    ) -> Call:
        target = raw_target.decode("latin-1")
        raw_query = target.partition("?")[2]
        address = peer[0] if peer else None
        base = self.public_url or f"{scheme}://{headers.get('host', 'localhost')}"
        return make_call(
            source=door.source.name,
            method=method,
            path=door.path,
            url=base + target,
            raw_query=raw_query,
            query=query_parameters(raw_query) if raw_query else {},
            headers=headers,
            body=body,
            received_at=at,
            client=self._client(address, headers) if self.trusted_proxies else address,
        )

    def _client(self, address: str | None, headers: Mapping[str, str]) -> str | None:
        """The nearest address that is no trusted proxy, from the right: what stands left of it
        anybody can write."""
        if address is None:
            return None
        forwarded = [part.strip() for part in headers.get("x-forwarded-for", "").split(",")]
        for candidate in [address, *reversed(forwarded)]:
            if not candidate:
                break
            address = candidate
            if not self._is_trusted(candidate):
                break
        return address

    def _is_trusted(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self.trusted_proxies)


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)
