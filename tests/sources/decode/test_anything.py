"""Whatever comes, only the two refusals leave."""

import gzip
import json
import zlib
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.config.schema.decode import BodyForm
from app.sources.call import Call
from app.sources.decode import (
    DecodePlan,
    Undecodable,
    UnsupportedMedia,
    decode,
    decode_query,
)
from app.sources.decode.bounds import Limits
from tests.sources.decode.calls import FORM, call, plan

content_types = st.sampled_from(
    [
        "",
        "application/json",
        "application/json; charset=utf-16",
        'text/plain; charset="windows-1251"',
        FORM,
        f"{FORM}; charset=utf-32",
        f"{FORM}; charset=shift_jis",
        "multipart/form-data; boundary=b",
        "multipart/form-data; boundary=",
        "application/xml",
        "text/xml; charset=koi8-r",
        "application/x-ndjson",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    ]
) | st.text(max_size=30)
marks = [b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\xfe\xff", b"\xff\xfe\0\0"]
pieces = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"1", b"99999999999999999999", b"-1e9", b"\\"),
        *(b"a", b"=", b"&", b"[]", b"[0]", b"%", b"%41", b"+", b"\r\n", b"--b", b"--b--", b"\0"),
        *(b"<a>", b"</a>", b"<a/>", b"&amp;", b"&x;", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b"'"),
        b'<?xml version="1.0" encoding="utf-16"?>',
        b'Content-Disposition: form-data; name="a"',
        b"Content-Type: text/plain; charset=utf-16",
        b'{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AA=="}',
        "Я".encode(),
        "Я".encode("cp1251"),
        "Я{".encode("utf-16"),
    ]
)
bodies = st.binary(max_size=60) | st.builds(
    lambda mark, parts: mark + b"".join(parts),
    st.sampled_from(marks),
    st.lists(pieces, max_size=25),
)
encodings = st.sampled_from(["", "", "gzip", "deflate", "identity", "br"]) | st.text(max_size=10)
packings = st.sampled_from([lambda body: body, gzip.compress, zlib.compress])
_CLOUD = {"ce-specversion": "1.0", "ce-id": "%FF", "ce-type": '"', "ce-source": "s"}
cloud_headers = st.sampled_from([{}, {}, _CLOUD])
keys = st.fixed_dictionaries(
    {
        "as": st.sampled_from(list(BodyForm)),
        "max_depth": st.integers(1, 6),
        "max_keys": st.integers(1, 30),
    },
    optional={
        "json_fields": st.just(["a"]),
        "lift": st.just("a"),
        "lists": st.just(["a"]),
        "charset": st.sampled_from(["utf-8", "windows-1251", "utf-16", "utf-32-be", "gb18030"]),
    },
)


@settings(max_examples=200, deadline=None)
@given(bodies, content_types, encodings, packings, cloud_headers, keys, st.text(max_size=20))
@example(b"\xef\xbb\xbf", "", "", bytes, {}, {"as": "json"}, "")
@example(b"a", "a; charset=\u0100; \u0100=1", "", bytes, {}, {"as": "multipart"}, "\udc80")
def test_no_call_raises_anything_but_a_refusal_and_what_passes_is_json_within_the_limits(
    body: bytes,
    content_type: str,
    encoding: str,
    pack: Callable[[bytes], bytes],
    headers: dict[str, str],
    given_keys: dict[str, object],
    query: str,
) -> None:
    how = plan(**given_keys)
    given_call = call(
        pack(body), content_type, {**headers, "content-encoding": encoding}, query=query
    )

    try:
        value = decode(given_call, how)
    except (Undecodable, UnsupportedMedia):
        return

    Limits(how.limits.depth, how.limits.values).check(value)
    assert json.loads(json.dumps(value)) == value
    json.dumps(value, ensure_ascii=False).encode()


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text("a=&%+[]0F\udcff"))
def test_any_query_is_an_object_of_texts_and_lists(query: str) -> None:
    read = decode_query(query)

    assert json.loads(json.dumps(read)) == read
    json.dumps(read, ensure_ascii=False).encode()


@settings(max_examples=300, deadline=None)
@given(
    bodies.map(lambda body: b"{" + body) | bodies,
    st.sampled_from(["application/json", "application/json; charset=utf-8"]),
    st.sampled_from([{}, {}, {"content-encoding": "gzip"}]),
    cloud_headers,
    keys,
)
@example(b"{}", "application/json", {}, {}, {"as": "auto"})
@example(b"{}", "application/json", {}, _CLOUD, {"as": "auto"})
@example(b'{"a":1e400}', "application/json", {}, {}, {"as": "json"})
@example(b'{"a":99999999999999999999}', "application/json", {}, {}, {"as": "json"})
@example(b"{\0", "application/json", {}, {}, {"as": "auto"})
def test_how_the_usual_content_type_is_spelt_changes_nothing(
    body: bytes,
    content_type: str,
    encoding: dict[str, str],
    headers: dict[str, str],
    given_keys: dict[str, object],
) -> None:
    """The usual spelling goes a shorter way."""
    how = plan(**{"max_depth": 64, "max_keys": 1000, **given_keys})
    both = [
        call(body, text, {**headers, **encoding}) for text in (content_type, content_type.upper())
    ]

    usual, other = (_decoded_or_refused(one, how) for one in both)

    assert usual == other


def _decoded_or_refused(given_call: Call, how: DecodePlan) -> object:
    try:
        value = decode(given_call, how)
    except (Undecodable, UnsupportedMedia) as refused:
        return type(refused), refused.reason
    # A CloudEvent says of its data what the header says.
    text = json.dumps(value)
    return text.replace("APPLICATION/JSON", "application/json").replace(
        "CHARSET=UTF-8", "charset=utf-8"
    )
