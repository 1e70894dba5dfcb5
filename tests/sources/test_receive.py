"""What becomes of a call at its source, in the order in which it is asked."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.expressions import Scope
from app.model.json import Json
from app.sources.call import Call
from app.sources.receive import Answered, Refused, Taken, receive, reread
from app.sources.results import ITEM_TYPE
from app.sources.source import Source
from tests.support.sources import SECRETS, a_call, a_source, signed

BEARER = {"authorization": f"Bearer {SECRETS['SECRET']}"}
SIGNED = """
auth:
  hmac: {signature: {header: X-Signature}, key: {env: SECRET}}
"""


def asked(source: Source, call: Call) -> Refused | Answered | Taken:
    return receive(source, call, Scope())


def taken(source: Source, call: Call) -> Taken:
    found = asked(source, call)
    assert isinstance(found, Taken), found
    return found


def refused(source: Source, call: Call) -> Refused:
    found = asked(source, call)
    assert isinstance(found, Refused), found
    return found


def test_a_call_without_proof_is_refused_before_its_body_is_looked_at() -> None:
    source = a_source("auth: {bearer: {env: SECRET}}")

    found = refused(source, a_call(b"{broken"))

    assert found.slug == "unauthenticated"
    assert found.challenge is not None
    assert found.challenge.startswith("Bearer")


def test_rules_see_the_call_without_its_secrets() -> None:
    source = a_source("auth: {all: [{bearer: {env: SECRET}}, {path_secret: {env: OTHER}}]}")
    call = a_call(b'{"a": 1}', headers=BEARER, path=f"{SECRETS['OTHER']}/pay", query="a=1&b=2&b=3")

    found = taken(source, call).variables

    assert (found.path, found.query) == ("pay", {"a": "1", "b": ["2", "3"]})
    assert found.headers["authorization"] == ""
    assert found.body == found.call == {"a": 1}


def test_the_secret_in_a_query_that_is_the_body_is_no_part_of_it() -> None:
    source = a_source("{auth: {query_secret: {value: {env: SECRET}}}, decode: {as: query}}")
    call = a_call(query=f"token={SECRETS['SECRET']}&email=a%40b.ru")

    found = taken(source, call).variables

    assert found.body == {"token": "", "email": "a@b.ru"}


def test_a_stored_call_keeps_the_whole_of_its_path_when_it_is_read_again() -> None:
    source = a_source("auth: {path_secret: {env: SECRET}}")
    call = a_call(b"{}", path=f"{SECRETS['SECRET']}/orders/create")
    stored = source.without_secrets(call)

    again = reread(source, stored, Scope())

    assert isinstance(again, Taken)
    assert again.variables.path == taken(source, call).variables.path == "orders/create"


def test_an_undecodable_call_is_refused_with_the_place() -> None:
    found = refused(a_source(), a_call(b'{"a": 1,\n oops}'))

    assert found.slug == "undecodable"
    assert "line 2" in found.detail


def test_an_undecodable_call_is_kept_where_the_source_says_so() -> None:
    source = a_source("{auth: none, on_undecodable: keep, dedup: {body: true}}")

    found = taken(source, a_call(b"{broken"))

    (item,) = found.items
    assert found.undecodable is not None
    assert item.reason == f"undecodable: {found.undecodable}"
    assert item.dedup_key is not None
    assert item.body(a_call(b"{broken")) == b"{broken"


def test_an_unknown_kind_of_body_is_refused_as_such() -> None:
    call = a_call(b"{}", headers={"content-encoding": "br"})

    assert refused(a_source(), call).slug == "unsupported_media"


@pytest.mark.parametrize(
    ("dedup", "body", "key"),
    [
        ("body.id", {"id": "evt_1"}, "evt_1"),
        ("body.id", {"id": 17}, "17"),
        ("{value: body.id, window: 1h}", {"id": "x"}, "x"),
        ("{header: X-Id}", {}, "from-header"),
        ("{body: true}", {"a": 1}, "sha256:"),
        ("body.id", {"id": "x" * 500}, "sha256:"),
        ("body.id", {"id": "x\0y"}, "sha256:"),
    ],
)
def test_a_key_is_made_as_the_source_says(dedup: str, body: Json, key: str) -> None:
    source = a_source(f"{{auth: none, dedup: {dedup}}}")
    call = a_call(orjson.dumps(body), headers={"x-id": "from-header"})

    (item,) = taken(source, call).items

    assert item.dedup_key is not None
    assert item.dedup_key.startswith(key)
    assert len(item.dedup_key) <= 200
    assert item.note is None


@pytest.mark.parametrize(
    ("dedup", "note"),
    [
        ("body.id", 'no deduplication: body.id: no key "id"'),
        ("body.empty", "no deduplication: body.empty is empty"),
        ("{header: X-Id}", "no deduplication: no header x-id"),
    ],
)
def test_a_call_without_its_key_is_taken_with_a_note(dedup: str, note: str) -> None:
    source = a_source(f"{{auth: none, dedup: {dedup}}}")

    (item,) = taken(source, a_call(b'{"empty": ""}')).items

    assert (item.dedup_key, item.note, item.reason) == (None, note, None)


def test_each_item_of_a_batch_is_an_event_of_its_own() -> None:
    source = a_source("{auth: none, each: body.events, dedup: body.id, region: RU}")
    call = a_call(b'{"account": 7, "events": [{"id": 1}, {"id": 2}, {}]}')

    found = taken(source, call)

    assert found.is_batch
    assert [item.dedup_key for item in found.items] == ["1", "2", None]
    assert [item.variables.body for item in found.items] == [{"id": 1}, {"id": 2}, {}]
    assert found.items[0].variables.call == {"account": 7, "events": []}
    assert found.items[2].note is not None


def test_items_of_an_expression_see_the_whole_call() -> None:
    source = a_source("{auth: none, each: 'body.a + body.b'}")

    found = taken(source, a_call(b'{"a": [1], "b": [{"x": 2.0}]}'))

    assert [item.variables.body for item in found.items] == [1, {"x": 2.0}]
    assert found.items[0].variables.call == {"a": [1], "b": [{"x": 2.0}]}


def test_items_under_one_header_have_keys_of_their_own() -> None:
    source = a_source("{auth: none, each: body, dedup: {header: X-Id}}")
    call = a_call(b"[1, 2]", headers={"x-id": "batch"})

    assert [item.dedup_key for item in taken(source, call).items] == ["batch#0", "batch#1"]


def test_an_item_is_known_again_by_its_content_whatever_the_order_of_its_keys() -> None:
    source = a_source("{auth: none, each: body, dedup: {body: true}}")

    first, second = taken(source, a_call(b'[{"a": 1, "b": 2}, {"b": 2, "a": 1}]')).items

    assert first.dedup_key == second.dedup_key


def test_a_batch_that_holds_nothing_is_kept_whole() -> None:
    source = a_source("{auth: none, each: body.events}")
    call = a_call(b'{"events": []}')

    (item,) = taken(source, call).items

    assert item.reason == "the call holds no items"
    assert item.body(call) == call.body


@pytest.mark.parametrize(
    ("each", "body"),
    [
        ("body.events", {"other": []}),
        ("body.events", {"events": {"a": 1}}),
        ("body.a.b", {"a": "text"}),
        ("body.a + body.b", {"a": [1]}),
        ("body", list(range(10_001))),
    ],
)
def test_what_should_be_a_list_and_is_none_is_undecodable(each: str, body: Any) -> None:
    call = a_call(orjson.dumps(body))
    source = a_source(f"{{auth: none, each: '{each}'}}")
    keeping = a_source(f"{{auth: none, each: '{each}', on_undecodable: keep}}")

    assert refused(source, call).slug == "undecodable"
    assert taken(keeping, call).items[0].reason is not None


def test_a_long_batch_does_not_carry_its_whole_call_with_every_item() -> None:
    source = a_source("{auth: none, each: 'body.a.map(x, x)'}")
    call = a_call(orjson.dumps({"a": ["x" * 100] * 1000}))

    found = taken(source, call)

    assert len(found.items) == 1000
    assert found.items[0].variables.call is None


def test_an_item_is_stored_so_that_it_is_read_again_as_it_was() -> None:
    source = a_source("{auth: {bearer: {env: SECRET}}, each: body.events}")
    call = a_call(b'{"account": 7, "events": [{"id": 1}, {"id": 2}]}', headers=BEARER)
    item = taken(source, call).items[1]

    stored = a_call(item.body(call), content_type=item.content_type(call))
    again = reread(source, stored, Scope())

    assert isinstance(again, Taken)
    assert again.items[0].variables.body == {"id": 2}
    assert again.items[0].variables.call == {"account": 7, "events": []}


def test_nobody_outside_can_send_what_only_the_store_holds() -> None:
    source = a_source()
    call = a_call(b'{"item": {"crm_id": "1"}, "call": null}', content_type=ITEM_TYPE)

    (item,) = taken(source, call).items

    assert item.variables.body == {"item": {"crm_id": "1"}, "call": None}
    assert item.content_type(call) == "application/json"


@pytest.mark.parametrize(
    ("decoding", "kind", "body"),
    [
        ("{as: xml, lists: [i]}", "text/xml", b"<l><i>1</i><i>2</i></l>"),
        ("{as: form}", "application/x-www-form-urlencoded", b"l[i][]=1&l[i][]=2"),
        ("{lift: item}", "application/json", b'{"item": {"l": {"i": ["1", "2"]}}}'),
        ("{max_depth: 4}", "application/json", b'{"l": {"i": ["1", "2"]}}'),
    ],
)
def test_a_stored_item_is_read_again_whatever_form_its_call_had(
    decoding: str, kind: str, body: bytes
) -> None:
    source = a_source(f"{{auth: none, decode: {decoding}, each: body.l.i}}")
    call = a_call(body, content_type=kind)
    item = taken(source, call).items[1]

    again = reread(source, a_call(item.body(call), content_type=item.content_type(call)), Scope())

    assert isinstance(again, Taken)
    assert again.items[0].variables.body == "2"
    assert again.items[0].variables.call == item.variables.call


@pytest.mark.parametrize("body", [b"[]", b"{}", b"", b"<item/>"])
def test_a_broken_stored_item_is_undecodable(body: bytes) -> None:
    found = reread(a_source(), a_call(body, content_type=ITEM_TYPE), Scope())

    assert isinstance(found, Refused)
    assert found.slug == "undecodable"


def test_the_body_with_a_secret_in_it_is_masked_for_display_only() -> None:
    source = a_source("auth: {api_key: {field: auth.token, value: {env: SECRET}}}")
    call = signed(source, a_call(b'{"a": 1}'))

    found = taken(source, call)

    assert found.items[0].body(call) == call.body
    assert source.secret_body_paths == ("auth.token",)
    assert source.masked_body(found.variables.body) == {"a": 1, "auth": {"token": "***"}}


def test_a_secret_in_every_item_is_masked_in_a_stored_item_too() -> None:
    source = a_source(
        "{auth: {api_key: {field: 'value[*].clientState', value: {env: SECRET}}}, each: body.value}"
    )
    call = a_call(orjson.dumps({"value": [{"id": 1, "clientState": SECRETS["SECRET"]}]}))
    (item,) = taken(source, call).items

    shown = source.masked_item(orjson.loads(item.body(call)))

    assert shown == {"item": {"id": 1, "clientState": "***"}, "call": {"value": []}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "content-encoding", "authorization", "x-signature", "x-id", "cookie"]
    ),
    st.sampled_from(
        [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/xml; charset=utf-16",
            "gzip",
            f"Bearer {SECRETS['SECRET']}",
        ]
    )
    | st.text(st.characters(max_codepoint=255), max_size=20),
    max_size=4,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda body: orjson.dumps(_loose(body)))
SOURCES = [
    a_source(text)
    for text in (
        "{auth: none, dedup: body.id, on_undecodable: keep}",
        "{auth: none, each: body, dedup: {body: true}}",
        "{auth: none, each: 'body.a.map(x, x.b)', dedup: 'body.id + \"x\"', on_undecodable: keep}",
        "auth: {any: [{bearer: {env: SECRET}}, {api_key: {field: a.b, value: {env: OTHER}}}]}",
        SIGNED,
        "{preset: tilda, auth: none}",
        "{preset: slack, auth: none, reply: {body: body}}",
        "{preset: meta-lead-ads, auth: none, verify_token: {env: VERIFY}}",
        "{preset: cloudpayments, auth: none}",
    )
]


def _loose(body: Any) -> Any:
    """As JSON can hold it: no numbers that no JSON text has."""
    if isinstance(body, int) and not isinstance(body, bool) and not -(2**63) <= body < 2**64:
        return str(body)
    if isinstance(body, Mapping):
        return {name: _loose(inner) for name, inner in body.items()}
    return [_loose(inner) for inner in body] if isinstance(body, list) else body


@settings(max_examples=200, deadline=None)
@given(
    source=st.sampled_from(SOURCES),
    body=BODIES,
    headers=HEADERS,
    method=st.sampled_from(["POST", "GET", "OPTIONS", "HEAD"]),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
    | st.just("hub.mode=subscribe&hub.challenge=1&hub.verify_token=x"),
    path=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_no_call_makes_receive_or_its_events_raise(
    source: Source,
    body: bytes,
    headers: Mapping[str, str],
    method: str,
    query: str,
    path: str,
) -> None:
    call = a_call(body, method=method, query=query, path=path, headers=headers, content_type="")

    found = asked(source, call)

    if isinstance(found, Taken):
        assert found.items
        for item in found.items:
            assert isinstance(item.body(call), bytes)
            stored = a_call(item.body(call), content_type=item.content_type(call))
            assert isinstance(reread(source, stored, Scope()), Taken | Refused)
