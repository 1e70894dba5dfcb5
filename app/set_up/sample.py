"""A call as a source's system would make it, to show or to send."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

import orjson

from app.config.schema.decode import BodyForm
from app.config.schema.source import Source as SourceConfig
from app.sources.call import Call, query_parameters
from app.sources.presets import Example, presets
from app.sources.presets.example import Becomes

_PLAINEST = {"crm_id": "12345"}
_PLAINEST_QUERY = "crm_id=12345"


def sample_call(name: str, config: SourceConfig, base: str, at: datetime) -> Call:
    """The preset's first example, or the plainest call of all; without its proof."""
    example = _example(config)
    if example is None:
        return _plainest(name, config, base, at)
    request = example.request()
    headers = {key: text for key, text in request.headers.items() if text}
    # Where the secret would stand nothing is left: the proof puts it there.
    query = "&".join(pair for pair in request.query.split("&") if not pair.endswith("="))
    call = a_call(name, base, at, body=request.body, headers=headers, query=query)
    url = f"{base}/hooks/{quote(name)}" + (f"/{request.path}" if request.path else "")
    url += f"?{query}" if query else ""
    return replace(call, method=request.method, path=request.path, url=url)


def a_call(
    name: str,
    base: str,
    at: datetime,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    query: str = "",
    path: str = "",
    method: str = "POST",
) -> Call:
    tail = (f"/{path}" if path else "") + (f"?{query}" if query else "")
    return Call(
        source=name,
        method=method,
        path=path,
        url=f"{base}/hooks/{quote(name)}{tail}",
        raw_query=query,
        query=query_parameters(query),
        headers=headers or {},
        body=body,
        received_at=at,
    )


def _example(config: SourceConfig) -> Example | None:
    preset = presets().get(config.preset or "")
    if preset is None:
        return None
    return next((each for each in preset.examples if each.becomes is Becomes.TAKEN), None)


def _plainest(name: str, config: SourceConfig, base: str, at: datetime) -> Call:
    if config.decode is not None and config.decode.form_ is BodyForm.QUERY:
        return a_call(name, base, at, query=_PLAINEST_QUERY)
    headers = {"content-type": "application/json"}
    return a_call(name, base, at, body=orjson.dumps(_PLAINEST), headers=headers)
