from random import Random
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sources.decode import Undecodable
from tests.sources.decode.calls import FORM, decoded

TILDA = (
    "Name=Ivan&Email=ivan%40example.ru&Phone=%2B7+999+123-45-67"
    "&tranid=1234567:89012&formid=form123456789"
)
BITRIX = (
    "event=ONCRMLEADADD&event_handler_id=707&data%5BFIELDS%5D%5BID%5D=1000983&ts=1742807175"
    "&auth%5Bdomain%5D=some.bitrix24.ru&auth[member_id]=a22&auth[application_token]=518"
)
AMOCRM = [
    ("contacts[add][0][id]", "35"),
    ("contacts[add][0][name]", "Иван"),
    ("contacts[add][0][linked_leads_id][555][ID]", "555"),
    ("contacts[add][0][custom_fields][0][code]", "PHONE"),
    ("contacts[add][0][custom_fields][0][values][0][value]", "+79991234567"),
    ("contacts[add][0][custom_fields][0][values][0][enum]", "4587"),
    ("contacts[add][0][custom_fields][1][code]", "EMAIL"),
    ("contacts[add][0][custom_fields][1][values][0][value]", "ivan@example.ru"),
    ("contacts[add][1][id]", "36"),
    ("account[id]", "1"),
    ("account[_links][self]", "https://some.amocrm.ru"),
]


def test_a_flat_form_is_an_object_of_texts() -> None:
    assert decoded(TILDA, FORM) == {
        "Name": "Ivan",
        "Email": "ivan@example.ru",
        "Phone": "+7 999 123-45-67",
        "tranid": "1234567:89012",
        "formid": "form123456789",
    }


def test_brackets_make_objects_whether_encoded_or_not() -> None:
    assert decoded(BITRIX, FORM) == {
        "event": "ONCRMLEADADD",
        "event_handler_id": "707",
        "data": {"FIELDS": {"ID": "1000983"}},
        "ts": "1742807175",
        "auth": {"domain": "some.bitrix24.ru", "member_id": "a22", "application_token": "518"},
    }


def test_dense_indexes_make_lists_and_sparse_ones_objects() -> None:
    assert decoded(urlencode(AMOCRM), FORM) == {
        "contacts": {
            "add": [
                {
                    "id": "35",
                    "name": "Иван",
                    "linked_leads_id": {"555": {"ID": "555"}},
                    "custom_fields": [
                        {"code": "PHONE", "values": [{"value": "+79991234567", "enum": "4587"}]},
                        {"code": "EMAIL", "values": [{"value": "ivan@example.ru"}]},
                    ],
                },
                {"id": "36"},
            ]
        },
        "account": {"id": "1", "_links": {"self": "https://some.amocrm.ru"}},
    }


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a[b]=1&a[b]=2", {"a": {"b": ["1", "2"]}}),
        ("id[]=crm&id[]=Lead&id[]=LEAD_1", {"id": ["crm", "Lead", "LEAD_1"]}),
        ("a[][x]=1&a[][x]=2", {"a": [{"x": "1"}, {"x": "2"}]}),
        ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        ("a[1]=y&a[2]=x", {"a": {"1": "y", "2": "x"}}),
        ("a[0]=x&a[2]=z", {"a": {"0": "x", "2": "z"}}),
        ("a[7]=x&a[]=y", {"a": {"7": "x", "8": "y"}}),
        ("a[00]=x", {"a": {"00": "x"}}),
        ("a[٣]=x", {"a": {"٣": "x"}}),
        ("a[0]=x&a[k]=y", {"a": {"0": "x", "k": "y"}}),
        ("a[9999999999]=x", {"a": {"9999999999": "x"}}),
        ("0=x&1=y", {"0": "x", "1": "y"}),
        ("a=1&a[b]=2", {"a": {"": "1", "b": "2"}}),
        ("a[b]=2&a=1", {"a": {"": "1", "b": "2"}}),
        ("a[b]=2&a=1&a=3", {"a": {"": ["1", "3"], "b": "2"}}),
        ("a[b=1", {"a[b": "1"}),
        ("a]=1&[a]=2&[]=3&a[b]c[d]=4", {"a]": "1", "[a]": "2", "[]": "3", "a[b]c[d]": "4"}),
        ("a[b]x=1", {"a[b]x": "1"}),
        ("note=see+[x]=y", {"note": "see [x]=y"}),
        ("a&b=&=c&&d==", {"a": "", "b": "", "": "c", "d": "="}),
        ("a=%zz%4&b=100%", {"a": "%zz%4", "b": "100%"}),
        ("tags.name=1", {"tags.name": "1"}),
    ],
)
def test_each_way_to_write_a_name_has_its_meaning(body: str, value: object) -> None:
    assert decoded(body, FORM) == value


def test_a_form_in_another_charset_is_read_by_it() -> None:
    body = urlencode({"Name": "Иван"}, encoding="cp1251")

    assert decoded(body, f"{FORM}; charset=windows-1251") == {"Name": "Иван"}
    assert decoded(body, FORM, charset="windows-1251") == {"Name": "Иван"}


def test_a_form_in_utf_16_is_read_by_it() -> None:
    assert decoded("a=Иван".encode("utf-16"), charset="utf-16", **{"as": "form"}) == {"a": "Иван"}


def test_what_is_not_in_the_charset_is_refused_with_the_number_of_the_parameter() -> None:
    body = urlencode({"a": "b", "Name": "Иван"}, encoding="cp1251")

    with pytest.raises(Undecodable, match="parameter 2 is not utf-8 at byte 0"):
        decoded(body, FORM)


def test_a_far_index_makes_no_room_for_those_before_it() -> None:
    body = "&".join(f"a[{10**8 + n}][id]={n}" for n in range(100))

    read = decoded(body, FORM)

    assert isinstance(read, dict)
    assert len(read["a"]) == 100


steps = st.text("abcXYZ_-", min_size=1, max_size=5)
trees = st.recursive(
    st.text(max_size=8),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(steps, inner, min_size=1, max_size=4)
    ),
    max_leaves=25,
)


def _pairs(value: object, name: str) -> list[tuple[str, str]]:
    match value:
        case dict():
            return [pair for key, each in value.items() for pair in _pairs(each, f"{name}[{key}]")]
        case list():
            return [
                pair
                for index, each in enumerate(value)
                for pair in _pairs(each, f"{name}[{index}]")
            ]
    return [(name, str(value))]


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(steps, trees, max_size=4), st.randoms(use_true_random=False))
def test_what_was_written_with_brackets_is_read_as_the_same_value(
    value: dict[str, object], random: Random
) -> None:
    pairs = [pair for name, each in value.items() for pair in _pairs(each, name)]
    random.shuffle(pairs)
    body = "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in pairs)

    assert decoded(body, FORM, **{"as": "form"}) == value
