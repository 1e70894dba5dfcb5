import json
from urllib.parse import urlencode

import pytest

from app.sources.decode import Undecodable
from tests.sources.decode.calls import FORM, decoded

CLOUDPAYMENTS = (
    "TransactionId=504&Amount=990.00&AccountId=u42&Email=ivan%40example.ru"
    "&Data=%7B%22phone%22%3A%22%2B79991234567%22%7D"
)


def test_json_within_a_field_is_decoded_in_place() -> None:
    assert decoded(CLOUDPAYMENTS, FORM, json_fields=["Data", "Absent"]) == {
        "TransactionId": "504",
        "Amount": "990.00",
        "AccountId": "u42",
        "Email": "ivan@example.ru",
        "Data": {"phone": "+79991234567"},
    }


def test_a_lifted_field_is_the_body() -> None:
    body = urlencode({"payload": json.dumps({"action": "opened", "number": 5})})

    read = decoded(body, FORM, json_fields=["payload"], lift="payload")

    assert read == {"action": "opened", "number": 5}


@pytest.mark.parametrize("body", ['{"action": "opened"}', "[1]", "5"])
def test_a_body_without_the_lifted_field_stays(body: str) -> None:
    read = decoded(body, "application/json", json_fields=["payload"], lift="payload")

    assert read == json.loads(body)


@pytest.mark.parametrize("value", ["", " ", None, 5, {"a": "b"}])
def test_a_field_that_is_empty_or_no_text_stays(value: object) -> None:
    body = json.dumps({"Data": value})

    assert decoded(body, "application/json", json_fields=["Data"]) == {"Data": value}


def test_each_text_of_a_repeated_field_is_decoded() -> None:
    assert decoded("e=[1]&e={}", FORM, json_fields=["e"]) == {"e": [[1], {}]}


def test_a_field_that_is_no_json_is_refused_by_its_name_without_its_value() -> None:
    with pytest.raises(Undecodable, match=r"^field `Data`: not JSON at line 1 column 1") as refused:
        decoded("Data=secret", FORM, json_fields=["Data"])

    assert "secret" not in str(refused.value)


def test_the_limits_hold_for_the_whole_with_its_fields() -> None:
    body = urlencode({"a": "[1, 2, 3]", "b": "[1, 2, 3]"})

    assert decoded(body, FORM, json_fields=["a", "b"], max_keys=9) == {
        "a": [1, 2, 3],
        "b": [1, 2, 3],
    }
    with pytest.raises(Undecodable, match="more than 8 values"):
        decoded(body, FORM, json_fields=["a", "b"], max_keys=8)
    with pytest.raises(Undecodable, match="nested deeper than 1"):
        decoded(body, FORM, json_fields=["a"], max_depth=1)
