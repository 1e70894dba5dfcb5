"""Content encodings, with a limit that holds while the body grows."""

import zlib

from app.sources.decode.errors import Undecodable, UnsupportedMedia

_GZIP_BITS = 16 + zlib.MAX_WBITS
_RAW_BITS = -zlib.MAX_WBITS


def inflate(body: bytes, encoding: str, limit_bytes: int) -> bytes:
    """The body without its content encoding: gzip, deflate (with or without the zlib header).

    Raises UnsupportedMedia for another encoding or several, Undecodable.
    """
    names = [name.strip().lower() for name in encoding.split(",")] if encoding else []
    match [name for name in names if name not in ("", "identity")]:
        case []:
            return body
        case ["gzip" | "x-gzip"] if body:
            return _inflate(body, _GZIP_BITS, limit_bytes)
        case ["deflate"] if body:
            return _inflate(body, _deflate_bits(body), limit_bytes)
        case ["gzip" | "x-gzip" | "deflate"]:
            return body
        case _:
            raise UnsupportedMedia("the content encoding is not known; send gzip, deflate or none")


def _deflate_bits(body: bytes) -> int:
    # RFC 9110 means zlib's format, many senders leave its header out. A raw stream whose first
    # bytes look like that header begins with a block that compressors do not write.
    has_header = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if has_header else _RAW_BITS


def _inflate(body: bytes, bits: int, limit_bytes: int) -> bytes:
    stream = zlib.decompressobj(bits)
    try:
        inflated = stream.decompress(body, limit_bytes + 1)
    except zlib.error:
        raise Undecodable("the compressed body is broken") from None
    if len(inflated) > limit_bytes:
        raise Undecodable(f"the compressed body inflates to more than {limit_bytes} bytes")
    if not stream.eof:
        raise Undecodable("the compressed body ends too early")
    # Further gzip members are allowed by the format and sent by nobody; reading thousands of
    # empty ones would cost the square of their number.
    if stream.unused_data:
        raise Undecodable("bytes follow the end of the compressed body")
    return inflated
