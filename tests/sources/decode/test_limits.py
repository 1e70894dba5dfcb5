"""Bodies that cost as much as they can for their size."""

import gzip
import json
import time
import tracemalloc
from contextlib import suppress

import pytest

from app.sources.decode import Undecodable, UnsupportedMedia, decode
from tests.sources.decode.calls import FORM, call, decoded, plan

MIB = 1024**2
JSON, XML, PARTS = "application/json", "text/xml", "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="k%d"\r\n\r\n1\r\n'


def _numbered(text: bytes, count: int, between: bytes = b"&") -> bytes:
    return between.join(text % number for number in range(count))


COSTLY = {
    "brackets": (b"[" * MIB, JSON),
    "closed brackets": (b"[" * 500 + b"]" * 500, JSON),
    "objects": (b'{"a":' * 200_000, JSON),
    "numbers": (b"[" + b"0," * (MIB // 2) + b"0]", JSON),
    "empty lists": (b"[" + b"[]," * (MIB // 3) + b"0]", JSON),
    "empty texts": (b"[" + b'"",' * (MIB // 3) + b"0]", JSON),
    "commas in a text": (b'"' + b"," * MIB + b'"', JSON),
    "quotes in a text": (b'"' + rb"\"," * (MIB // 3) + b'"', JSON),
    "quotes in a text without end": (b'"' + rb"\"," * (MIB // 3), JSON),
    "backslashes": (b'"' + b"\\" * MIB, JSON),
    "one long number": (b"1" * MIB, JSON),
    "long numbers": (b"[" + b"12345678901234567890," * 19_000 + b"0]", JSON),
    "names": (b"{" + _numbered(b'"k%d":1', 19_999, b",") + b"}", JSON),
    "blank lines": (b" " + b"\n" * MIB + b"1", "application/x-ndjson"),
    "lines": (b"{}\n" * (MIB // 3), "application/x-ndjson"),
    "parameters": (_numbered(b"k%d=1", 100_000), FORM),
    "ampersands": (b"&" * MIB, FORM),
    "percents": (b"a=" + b"%" * MIB, FORM),
    "escapes": (b"a=" + b"%41" * (MIB // 3), FORM),
    "sparse indexes": (_numbered(b"a[%d000]=1", 19_900), FORM),
    "free indexes": (b"&".join([b"a[]=1"] * 19_900), FORM),
    "one repeated name": (b"&".join([b"a=1"] * 19_900), FORM),
    "deep names": (_numbered(b"a[%d]" + b"[]" * 29 + b"=1", 600), FORM),
    "a very deep name": (b"a" + b"[]" * (MIB // 2) + b"=1", FORM),
    "open brackets in a name": (b"a" + b"[" * MIB + b"]=1", FORM),
    "parts": (_numbered(PART, 100_000, b"") + b"--b--", PARTS),
    "as many parts as may be": (_numbered(PART, 19_000, b"") + b"--b--", PARTS),
    "almost boundaries": (PART % 1 + b"\r\n--" * (MIB // 4) + b"\r\n--b--", PARTS),
    "semicolons in headers": (
        (
            b"--b\r\nContent-Disposition: form-data; name=a; x="
            + b'"'
            + b";" * 4000
            + b"\r\n\r\n\r\n"
        )
        * 250,
        PARTS,
    ),
    "elements in each other": (b"<a>" * (MIB // 3), XML),
    "elements": (b"<r>" + b"<a/>" * (MIB // 4) + b"</r>", XML),
    "attributes": (b"<r " + _numbered(b'a%d=""', 90_000, b" ") + b"/>", XML),
    "character references": (b"<r>" + b"&#10;" * (MIB // 5) + b"</r>", XML),
    "comments": (b"<r>" + b"<!---->" * (MIB // 7) + b"</r>", XML),
    "a text without end": (b"<r>" + b"a" * MIB, XML),
    "an attribute without end": (b'<r a="' + b"a" * MIB, XML),
    "a declaration without end": (b"<?xml " + b" encoding" * (MIB // 9), XML),
    "spaces": (b" " * MIB + b"{", ""),
    "no kind at all": (b"a" * MIB, ""),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_megabyte_made_to_be_costly_is_answered_in_time(name: str) -> None:
    body, content_type = COSTLY[name]
    started = time.perf_counter()

    with suppress(Undecodable, UnsupportedMedia):
        decoded(body, content_type)

    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "name", ["numbers", "empty lists", "lines", "parameters", "ampersands", "parts", "elements"]
)
def test_too_many_values_are_refused_before_they_are_made(name: str) -> None:
    body, content_type = COSTLY[name]
    tracemalloc.start()

    with pytest.raises(Undecodable, match="more than 20000 values"):
        decoded(body, content_type)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 4 * len(body) + 8 * MIB


def test_a_compressed_bomb_is_stopped_at_the_limit() -> None:
    body = gzip.compress(bytes(100 * MIB), 9)
    bomb = call(body, JSON, {"content-encoding": "gzip"})
    tracemalloc.start()

    with pytest.raises(Undecodable, match=f"more than {MIB} bytes"):
        decode(bomb, plan(max_inflated="1MiB"))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 4 * MIB


@pytest.mark.parametrize(
    ("body", "content_type", "count"),
    [
        ('{"a": [1, "x,[{\\",\\\\", {}, [], null], "b": {"c": [[]]}}', JSON, 10),
        ("[[], {}, [ ], { }]", JSON, 5),
        ('["", [""], {"": ""}]', JSON, 6),
        ("a=1&b[c]=2&b[d][]=3", FORM, 6),
        ("a=1&a=2", FORM, 4),
        ("<a><b>1</b><b x='2'/></a>", XML, 6),
        ("1\n[2]\n", "application/x-ndjson", 4),
    ],
)
def test_the_limit_of_values_is_exact(body: str, content_type: str, count: int) -> None:
    decoded(body, content_type, max_keys=count)

    with pytest.raises(Undecodable, match=f"more than {count - 1} values"):
        decoded(body, content_type, max_keys=count - 1)


@pytest.mark.parametrize(
    ("body", "content_type", "depth"),
    [
        ('{"a": [{"b": []}]}', JSON, 4),
        ("a[b][c][d]=1", FORM, 4),
        ("a[b]=1&a[b]=2", FORM, 3),
        ("<a><b><c>1</c></b></a>", XML, 3),
        ("[[1]]\n", "application/x-ndjson", 3),
    ],
)
def test_the_limit_of_depth_is_exact(body: str, content_type: str, depth: int) -> None:
    decoded(body, content_type, max_depth=depth)

    with pytest.raises(Undecodable, match=f"nested deeper than {depth - 1}"):
        decoded(body, content_type, max_depth=depth - 1)


def test_a_large_order_of_a_real_shop_passes() -> None:
    line = {"id": 1, "price_set": {"shop_money": {"amount": "1.00", "currency_code": "EUR"}}}
    order = {"id": 5, "line_items": [{**line, **{f"f{n}": n for n in range(40)}}] * 200}

    assert decoded(json.dumps(order), JSON) == order
