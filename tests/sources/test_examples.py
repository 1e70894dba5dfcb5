"""Examples of known systems as they go over the wire."""

import pytest
from pydantic import ValidationError

from app.expressions import Scope
from app.model.json import Json
from app.sources.presets import Example
from app.sources.receive import Taken, receive
from tests.support.sources import a_source, example_call


def decoded(example: Example) -> Json:
    source = a_source()
    call = example_call(example, source, secret="s3cret", verify_token="v3rify")
    found = receive(source, call, Scope())
    assert isinstance(found, Taken)
    return found.variables.body


@pytest.mark.parametrize(
    ("example", "body"),
    [
        ({"body": {"a": ["{secret}", 1]}}, {"a": ["s3cret", 1]}),
        ({"form": {"a[b]": "{secret}", "c": "ё & +"}}, {"a": {"b": "s3cret"}, "c": "ё & +"}),
        ({"multipart": {"a": "{verify_token}", "b": '{"x": 1}'}}, {"a": "v3rify", "b": '{"x": 1}'}),
        ({"text": "<a><b>1</b></a>", "content_type": "text/xml"}, {"a": {"b": "1"}}),
    ],
)
def test_a_body_in_any_form_is_what_the_example_says(
    example: dict[str, object], body: Json
) -> None:
    assert decoded(Example.model_validate({"name": "one", **example})) == body


def test_query_headers_and_path_hold_the_secret_where_it_is_marked() -> None:
    example = Example(
        name="one", path="{secret}/pay", query={"t": "{secret}"}, headers={"X-Key": "k {secret}"}
    )

    found = example.request("s3 cret")

    assert (found.path, found.query) == ("s3 cret/pay", "t=s3+cret")
    assert found.headers["x-key"] == "k s3 cret"


@pytest.mark.parametrize(
    "example", [{"body": {}, "form": {}}, {"text": "a"}, {"method": "PATCH"}, {"nmae": "x"}]
)
def test_an_example_that_could_mean_two_things_is_refused(example: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Example.model_validate({"name": "one", **example})
