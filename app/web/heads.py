"""The heads of requests and answers, as bytes and as texts."""

from functools import lru_cache

from uvicorn.protocols.http.httptools_impl import STATUS_LINE


def headers_of(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case, what stands several times joined by a comma."""
    found = {
        _known_name(name) if len(name) <= _KNOWN_BYTES else _name(name): text.decode("latin-1")
        for name, text in raw
    }
    return found if len(found) == len(raw) else _joined(raw)


def _joined(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_text in raw:
        name, text = _name(raw_name), raw_text.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _name(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


_known_name = lru_cache(maxsize=1024)(_name)
# Whatever anybody sends is looked up there: what is kept must be short.
_KNOWN_BYTES = 64


@lru_cache(maxsize=1024)
def head_of(status: int, content_type: str, *headers: tuple[str, str]) -> bytes:
    """The head of an answer up to the length of its body, which comes last."""
    lines = [f"{name.lower()}: {text}\r\n" for name, text in headers]
    lines = [f"content-type: {content_type}\r\n", *lines, "content-length: "]
    return STATUS_LINE[status] + "".join(lines).encode("latin-1")
