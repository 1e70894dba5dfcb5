import pytest
from pydantic import ValidationError

from app.config.schema.decode import BodyForm, Decode
from app.sources.decode import build_decode


def test_without_configuration_the_body_is_recognised() -> None:
    plan = build_decode(None)

    assert plan == build_decode(Decode())
    assert (plan.form, plan.charset, plan.lift) == (BodyForm.AUTO, None, None)


def test_the_keys_of_the_file_reach_the_plan() -> None:
    config = Decode.model_validate(
        {
            "as": "form",
            "json_fields": ["Data"],
            "lift": "Data",
            "lists": ["Notification"],
            "charset": "Windows-1251",
            "max_depth": 8,
            "max_keys": 100,
            "max_inflated": "2MiB",
        }
    )

    plan = build_decode(config)

    assert (plan.form, plan.json_fields, plan.lift) == (BodyForm.FORM, ("Data",), "Data")
    assert (plan.lists, plan.charset) == (frozenset({"Notification"}), "cp1251")
    assert (plan.limits.depth, plan.limits.values) == (8, 100)
    assert plan.max_inflated_bytes == 2 * 1024**2


@pytest.mark.parametrize(
    "keys",
    [
        {"as": "yaml"},
        {"charset": "zip"},
        {"charset": "utf-99"},
        {"max_depth": 0},
        {"max_keys": 0},
        {"max_inflated": "0B"},
        {"json_fields": "payload"},
        {"fields": ["payload"]},
    ],
)
def test_a_wrong_key_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Decode.model_validate(keys)


def test_every_key_is_described() -> None:
    schema = Decode.model_json_schema(by_alias=True)

    assert "as" in schema["properties"]
    assert all("description" in each for each in schema["properties"].values())
