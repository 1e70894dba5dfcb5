import gzip
import zlib

import pytest

from app.sources.call import Call
from app.sources.decode import Undecodable, UnsupportedMedia, decode
from tests.sources.decode.calls import call, plan

BODY = b'{"email": "ivan@example.ru"}'
VALUE = {"email": "ivan@example.ru"}


def _raw(body: bytes) -> bytes:
    return zlib.compress(body, wbits=-zlib.MAX_WBITS)


def _encoded(body: bytes, encoding: str) -> Call:
    return call(body, "application/json", {"content-encoding": encoding})


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(BODY, mtime=0), "gzip"),
        (gzip.compress(BODY, mtime=0), " X-GZIP , identity"),
        (zlib.compress(BODY), "deflate"),
        (zlib.compress(BODY, 9), "deflate"),
        (_raw(BODY), "deflate"),
        (BODY, "identity"),
        (BODY, ""),
    ],
)
def test_a_compressed_body_is_read(body: bytes, encoding: str) -> None:
    assert decode(_encoded(body, encoding), plan()) == VALUE


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_another_encoding_is_unsupported(encoding: str) -> None:
    with pytest.raises(UnsupportedMedia, match="send gzip, deflate or none"):
        decode(_encoded(BODY, encoding), plan())


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (BODY, "gzip", "broken"),
        (BODY, "deflate", "broken"),
        (gzip.compress(BODY, mtime=0)[:-9], "gzip", "ends too early"),
        (gzip.compress(BODY, mtime=0)[:-1] + b"\1", "gzip", "broken"),
        (gzip.compress(BODY, mtime=0) * 2, "gzip", "bytes follow"),
        (zlib.compress(BODY)[:-5], "deflate", "ends too early"),
    ],
)
def test_a_broken_compressed_body_is_refused(body: bytes, encoding: str, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        decode(_encoded(body, encoding), plan())


def test_an_empty_body_needs_no_inflating() -> None:
    assert decode(_encoded(b"", "gzip"), plan()) == {}


@pytest.mark.parametrize(("spaces", "fits"), [(995, True), (996, True), (997, False)])
def test_the_limit_of_the_inflated_size_is_exact(spaces: int, fits: bool) -> None:
    body = gzip.compress(b'{"":' + b" " * (spaces - 1) + b"}")
    whole = plan(max_inflated="1000B")

    if fits:
        with pytest.raises(Undecodable, match="not JSON"):
            decode(_encoded(body, "gzip"), whole)
    else:
        with pytest.raises(Undecodable, match="more than 1000 bytes"):
            decode(_encoded(body, "gzip"), whole)
