"""How the calls of one source are decoded, compiled from its configuration."""

from dataclasses import dataclass

from app.config.schema.decode import BodyForm, Decode
from app.kit.charsets import codec_name
from app.sources.decode.bounds import Limits


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """`charset` is the name of a codec and goes before what a call says of itself."""

    form: BodyForm
    json_fields: tuple[str, ...]
    lift: str | None
    lists: frozenset[str]
    charset: str | None
    limits: Limits
    max_inflated_bytes: int
    reads_plain_json: bool
    """JSON in UTF-8 that says what it is."""


def build_decode(config: Decode | None) -> DecodePlan:
    given = config or Decode()
    charset = codec_name(given.charset) if given.charset else None
    is_json = given.form_ in (BodyForm.AUTO, BodyForm.JSON)
    return DecodePlan(
        form=given.form_,
        json_fields=given.json_fields,
        lift=given.lift,
        lists=frozenset(given.lists),
        charset=charset,
        limits=Limits(depth=given.max_depth, values=given.max_keys),
        max_inflated_bytes=given.max_inflated,
        reads_plain_json=is_json and charset in (None, "utf-8"),
    )
