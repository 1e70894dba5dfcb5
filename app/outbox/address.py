"""Where the store is, as BRIDGE_DATABASE_URL says it."""

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from app.kit.errors import BridgeError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
# Of the dialect, which takes them out before the driver is asked.
_OF_DIALECT = frozenset(("prepared_statement_cache_size", "prepared_statement_name_func"))
# Of an address in which the user's part ends where it seems to.
_OF_SERVER = re.compile(r"([\w+]+)://[^@?]*@([\w.:\[\],-]*(?:/[\w-]*)?)(?:\?[^@]*)?\Z")
# What stands there when a password has such a character.
_NO_HOST = re.compile(r"[/@\s]")


class StoreAddressRefused(BridgeError):
    slug = "configuration"


class _Unusable(ValueError):
    """Says why, and nothing of what may be secret."""


def store_url(address: str) -> URL:
    """With the driver, where the address leaves it out. Raises StoreAddressRefused."""
    with address_errors(address):
        url = make_url(address)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        url = _with_our_option(_with_ports(url))
        if url.drivername not in _DRIVERS.values():
            raise _Unusable("neither SQLite nor PostgreSQL")
        if url.get_backend_name() == "postgresql":
            _check(url)
        return url


def is_sqlite(address: str) -> bool:
    return store_url(address).get_backend_name() == "sqlite"


def store_place(address: str) -> str:
    """Where it leads to, for people: `data/bridge.db`, `bridge at db.example.com:5432`. Holds
    nothing that may be secret. Raises StoreAddressRefused."""
    url = store_url(address)
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    found = url.query.get("host", url.host or "localhost")
    hosts = [found] if isinstance(found, str) else list(found)
    ports = url.query.get("port", str(url.port) if url.port else None)
    port = f":{ports}" if isinstance(ports, str) else ""
    return f"{url.database or 'the default database'} at {', '.join(hosts)}{port}"


@contextmanager
def address_errors(address: str) -> Iterator[None]:
    """What is wrong with it, as StoreAddressRefused."""
    try:
        yield
    except (SQLAlchemyError, ImportError, OSError, ValueError, TypeError) as error:
        raise StoreAddressRefused(
            f"BRIDGE_DATABASE_URL: can't use {_shown(address)} ({_why(error)}); expected an "
            "address such as sqlite+aiosqlite:///data/bridge.db or "
            "postgresql+asyncpg://user:password@host/bridge"
        ) from None


def _with_ports(url: URL) -> URL:
    """Of several hosts each has to have one."""
    hosts = url.query.get("host")
    if not isinstance(hosts, tuple) or "port" in url.query:
        return url
    return url.update_query_dict({"host": [h if ":" in h else f"{h}:5432" for h in hosts]})


def _with_our_option(url: URL) -> URL:
    """What providers print is libpq's: the driver has another name for it."""
    mode = url.query.get("sslmode")
    if url.get_backend_name() != "postgresql" or mode is None or "ssl" in url.query:
        return url
    return url.difference_update_query(("sslmode",)).update_query_dict({"ssl": mode})


def _check(url: URL) -> None:
    """What the driver would say of it only when it connects, and by errors of any kind."""
    _, options = url.get_dialect()().create_connect_args(url)
    unknown = options.keys() - inspect.signature(asyncpg.connect).parameters.keys() - _OF_DIALECT
    if unknown:
        raise _Unusable(f"unknown: {', '.join(sorted(unknown))}")
    hosts = options.get("host") or ()
    for host in [hosts] if isinstance(hosts, str) else hosts:
        if not host.startswith("/") and not _is_name(host):
            raise _Unusable(
                "a host is neither a name nor a folder that begins with /; in a password @ is "
                "written %40, / %2F"
            )


def _is_name(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return not _NO_HOST.search(host)


def _why(error: Exception) -> str:
    if isinstance(error, _Unusable):
        return str(error)
    # Texts of others may quote any part of the address.
    return getattr(error, "strerror", None) or type(error).__name__


def _shown(address: str) -> str:
    """Without what may be secret: of a server only its host."""
    if address.startswith("sqlite"):
        return address.partition("?")[0]
    found = _OF_SERVER.match(address)
    return "it" if found is None else f"{found[1]}://...@{found[2]}"
