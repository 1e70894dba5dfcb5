"""What is special about systems of the Russian market."""

import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from app.expressions import Scope
from app.model.json import Json
from app.sources.call import Call
from app.sources.receive import Answered, Refused, Taken, receive
from app.sources.replies import Summary, build_reply
from tests.support.sources import SECRETS, a_call, a_source

SECRET = SECRETS["SECRET"]
FORM = "application/x-www-form-urlencoded"
WITH_SECRET = "auth: {secret: {env: SECRET}}"


def received(name: str, call: Call, own: str = WITH_SECRET) -> Taken | Answered | Refused:
    return receive(a_source(f"preset: {name}\n{own}"), call, Scope())


def taken(name: str, call: Call, own: str = WITH_SECRET) -> Taken:
    found = received(name, call, own)
    assert isinstance(found, Taken), found
    return found


def is_refused(name: str, call: Call, own: str = WITH_SECRET) -> bool:
    found = received(name, call, own)
    return isinstance(found, Refused) and found.slug == "unauthenticated"


def bodies(found: Taken) -> list[Json]:
    return [item.variables.body for item in found.items]


def keys(found: Taken) -> list[str | None]:
    return [item.dedup_key for item in found.items]


def a_form(*, path: str = "", **fields: str) -> Call:
    return a_call(urlencode(fields).encode(), path=path, content_type=FORM)


def amocrm(fields: dict[str, str]) -> Taken:
    return taken("amocrm", a_form(path=SECRET, **fields))


def test_a_call_of_amocrm_becomes_an_event_for_each_record() -> None:
    found = amocrm(
        {
            "leads[update][0][id]": "1",
            "leads[update][0][last_modified]": "170",
            "leads[status][0][id]": "1",
            "leads[status][0][last_modified]": "170",
            "contacts[add][0][id]": "9",
            "account[id]": "17",
        }
    )

    assert keys(found) == ["contacts:add:9:", "leads:status:1:170", "leads:update:1:170"]
    assert bodies(found)[1] == {
        "entity": "leads",
        "action": "status",
        "record": {"id": "1", "last_modified": "170"},
    }
    whole = found.items[1].variables.call
    assert isinstance(whole, dict)
    assert whole["account"] == {"id": "17"}


def test_records_of_amocrm_whose_numbers_have_gaps_are_taken_in_order() -> None:
    found = amocrm({"leads[add][7][id]": "70", "leads[add][3][id]": "30"})

    assert keys(found) == ["leads:add:30:", "leads:add:70:"]


@pytest.mark.parametrize(
    ("record", "key"),
    [
        (
            {"unsorted[add][0][uid]": "u-1", "unsorted[add][0][created_at]": "5"},
            "unsorted:add:u-1:5",
        ),
        ({"talk[update][0][talk_id]": "3", "talk[update][0][updated_at]": "6"}, "talk:update:3:6"),
        ({"leads[note][0][note][id]": "8"}, "leads:note:8:"),
        ({"leads[note][0][note][text]": "called"}, None),
    ],
)
def test_records_of_amocrm_without_an_id_are_known_by_what_they_have(
    record: dict[str, str], key: str | None
) -> None:
    assert keys(amocrm(record)) == [key]


def test_a_call_of_amocrm_without_records_is_kept_and_says_so() -> None:
    (item,) = amocrm({"account[id]": "17", "ping": "1", "leads[add]": ""}).items

    assert item.reason == "the call holds no items"


def test_an_address_of_a_contact_of_amocrm_is_found_by_its_code() -> None:
    source = a_source(
        f"""
        preset: amocrm
        {WITH_SECRET}
        dedup: >-
          body.record.custom_fields.filter(f, has(f.code) && f.code == "EMAIL")[0].values[0].value
        """
    )
    fields = {
        "contacts[add][0][custom_fields][0][name]": "Own",
        "contacts[add][0][custom_fields][0][values][0]": "x",
        "contacts[add][0][custom_fields][1][code]": "EMAIL",
        "contacts[add][0][custom_fields][1][values][0][value]": "ivan@example.ru",
    }

    found = receive(source, a_form(path=SECRET, **fields), Scope())

    assert isinstance(found, Taken)
    assert keys(found) == ["ivan@example.ru"]


def test_a_chat_is_signed_with_sha1_over_the_body() -> None:
    body = b'{"message": {"message": {"id": "m-1"}}}'
    proof = hmac.digest(SECRET.encode(), body, "sha1").hex()

    assert keys(taken("kommo-chats", a_call(body, headers={"x-signature": proof}))) == ["m-1"]
    assert is_refused("kommo-chats", a_call(body + b" ", headers={"x-signature": proof}))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_getcourse_s_query_is_its_body_without_the_secret(method: str) -> None:
    query = f"token={SECRET}&email=ivan%40example.ru&event_id=7"
    call = a_call(method=method, query=query, content_type="")

    found = taken("getcourse", call)

    assert bodies(found) == [{"token": "", "email": "ivan@example.ru", "event_id": "7"}]
    assert keys(found) == ["7"]
    assert is_refused("getcourse", a_call(query="token=guess&email=a@b.ru"))


YOOKASSA_BODY = b'{"event": "payment.succeeded", "object": {"id": "p-1"}}'


@pytest.mark.parametrize(
    ("client", "is_let_in"),
    [
        ("185.71.76.1", True),
        ("::ffff:77.75.156.11", True),
        ("2a02:5180:0:2669::1", True),
        ("185.71.76.32", False),
        ("77.75.156.12", False),
        (None, False),
    ],
)
def test_yookassa_is_known_by_its_networks(client: str | None, is_let_in: bool) -> None:
    call = a_call(YOOKASSA_BODY, client=client)

    assert is_refused("yookassa", call, own="") is not is_let_in


def test_networks_of_one_s_own_and_a_secret_take_the_place_of_yookassa_s() -> None:
    own = "auth: {all: [{ip: {allow: 192.0.2.0/24}}, {path_secret: {env: SECRET}}]}"

    there = a_call(YOOKASSA_BODY, path=SECRET, client="192.0.2.7")
    found = taken("yookassa", there, own)

    assert keys(found) == ["payment.succeeded:p-1"]
    assert is_refused("yookassa", a_call(YOOKASSA_BODY, client="192.0.2.7"), own)
    assert is_refused("yookassa", a_call(YOOKASSA_BODY, path=SECRET, client="185.71.76.1"), own)


@pytest.mark.parametrize("name", ["getcourse", "retailcrm"])
def test_a_secret_may_stand_in_the_query_where_no_header_can_be_set(name: str) -> None:
    call = a_call(b"{}", query=f"token={SECRET}")

    assert taken(name, call).items
    assert is_refused(name, a_call(b"{}", query="token=guess"))


def test_the_topic_of_insales_is_the_rest_of_its_address() -> None:
    (item,) = taken("insales", a_call(b'{"id": 7}', path=f"{SECRET}/orders/update")).items

    assert item.variables.path == "orders/update"
    assert item.dedup_key == "orders/update:7:"


def test_a_client_of_insales_in_xml_has_a_key_too() -> None:
    body = b"<client><id>5</id></client>"
    call = a_call(body, path=f"{SECRET}/client/create", content_type="text/xml")

    assert keys(taken("insales", call)) == ["client/create:5:"]


def test_phases_of_a_call_are_events_of_their_own() -> None:
    def call(**fields: str) -> list[str | None]:
        return keys(taken("calltouch", a_form(path=SECRET, **fields)))

    assert call(id="1", callphase="callconnected") != call(id="1", callphase="callcompleted")
    assert call(id="1") == [None]


def test_calltouch_by_get_is_read_from_its_query() -> None:
    own = f"{WITH_SECRET}\ndecode: {{as: query}}"
    call = a_call(method="GET", path=SECRET, query="id=1&callphase=calllost", content_type="")

    assert keys(taken("calltouch", call, own)) == ["1:calllost"]


def test_events_of_a_hook_are_known_again_in_another_batch() -> None:
    first = a_call(b'[{"event_type": "click", "n": 1}, {"event_type": "open"}]', path=SECRET)
    again = a_call(b'[{"n": 1, "event_type": "click"}]', path=SECRET)

    assert keys(taken("altcraft", first))[0] == keys(taken("altcraft", again))[0]
    assert len(set(keys(taken("altcraft", first)))) == 2


def robokassa(algorithm: str = "md5", **fields: str) -> Call:
    """Signed as the shop's settings say, written apart from the code."""
    own = sorted(f":{name}={text}" for name, text in fields.items() if name.startswith("Shp_"))
    text = f"{fields['OutSum']}:{fields['InvId']}:{SECRET}" + "".join(own)
    proof = hashlib.new(algorithm, text.encode()).hexdigest().upper()
    return a_form(**fields, SignatureValue=proof)


def test_a_payment_with_the_shop_s_own_parameters_is_let_in_and_answered() -> None:
    source = a_source(f"preset: robokassa\n{WITH_SECRET}")
    call = robokassa(OutSum="990.000000", InvId="17", Shp_plan="pro", Shp_crm_id="Иван", Fee="1")

    found = receive(source, call, Scope())

    assert isinstance(found, Taken)
    reply = build_reply(source, found, Summary((("018f", "duplicate"),)), Scope())
    assert reply is not None
    assert (reply.status, reply.body, reply.content_type) == (
        200,
        b"OK17",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize(
    "changed", [b"OutSum=1.00", b"Shp_plan=max", b"Shp_more=1", b"SignatureValue=0"]
)
def test_a_payment_that_was_changed_is_refused(changed: bytes) -> None:
    call = robokassa(OutSum="990.00", InvId="17", Shp_plan="pro")
    name = changed.partition(b"=")[0]
    pairs = [pair for pair in call.body.split(b"&") if not pair.startswith(name + b"=")]

    assert is_refused("robokassa", a_call(b"&".join([*pairs, changed]), content_type=FORM))


def test_the_shop_s_hash_is_chosen_beside_the_secret() -> None:
    own = "auth: {secret: {env: SECRET}, inputs: {algorithm: sha256}}"
    fields = {"OutSum": "1.00", "InvId": "0"}

    assert keys(taken("robokassa", robokassa("sha256", **fields), own)) == [None]
    assert is_refused("robokassa", robokassa("md5", **fields), own)


def test_a_payment_by_get_is_read_from_the_query() -> None:
    own = f"{WITH_SECRET}\ndecode: {{as: query}}"
    query = robokassa(OutSum="1.00", InvId="18").body.decode()

    assert keys(taken("robokassa", a_call(method="GET", query=query, content_type=""), own)) == [
        "18"
    ]


def test_the_user_of_1c_is_chosen_beside_the_secret() -> None:
    own = "auth: {secret: {env: SECRET}, inputs: {username: Обмен}}"
    source = a_source(f"preset: onec\n{own}")
    call = source.authenticator.sign(
        a_call(b'\xef\xbb\xbf{"crm_id": "1"}', content_type=""), lambda _: None
    )

    assert bodies(taken("onec", call, own)) == [{"crm_id": "1"}]
    assert is_refused("onec", call)
