"""From the bytes of a call to one JSON value, within limits of size, depth and number."""

from app.sources.decode.call_body import decode
from app.sources.decode.errors import Undecodable, UnsupportedMedia
from app.sources.decode.form import decode_query
from app.sources.decode.plan import DecodePlan, build_decode

__all__ = [
    "DecodePlan",
    "Undecodable",
    "UnsupportedMedia",
    "build_decode",
    "decode",
    "decode_query",
]
