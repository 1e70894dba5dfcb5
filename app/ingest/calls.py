"""Makes a Call of an ASGI request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from app.sources.call import Call, query_parameters
from app.web.asgi import Scope

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class CallMaker:
    """`public_url` is how callers address the bridge; without it, what their request says.
    `trusted_proxies` are the peers whose X-Forwarded-For is believed."""

    public_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()

    def make(
        self, scope: Scope, source: str, path: str, body: bytes, received_at: datetime
    ) -> Call:
        """Raises ValueError for a query with too many parameters."""
        headers = _headers(scope)
        raw_query = scope["query_string"].decode("latin-1")
        return Call(
            source=source,
            method=scope["method"],
            path=path,
            url=self._url(scope, headers, raw_query),
            raw_query=raw_query,
            query=query_parameters(raw_query),
            headers=headers,
            body=body,
            received_at=received_at,
            client=self._client(scope, headers),
        )

    def _url(self, scope: Scope, headers: Mapping[str, str], raw_query: str) -> str:
        base = self.public_url or f"{scope['scheme']}://{headers.get('host', 'localhost')}"
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        return base + raw_path.decode("latin-1") + (f"?{raw_query}" if raw_query else "")

    def _client(self, scope: Scope, headers: Mapping[str, str]) -> str | None:
        """The nearest address that is no trusted proxy, from the right: what stands left of it
        anybody can write."""
        peer = scope.get("client")
        address: str | None = peer[0] if peer else None
        if not self.trusted_proxies or address is None:
            return address
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


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_text in scope["headers"]:
        name, text = raw_name.decode("latin-1"), raw_text.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found
