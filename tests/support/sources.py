"""Sources as a file describes them, and the calls that their systems make."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from app.config.document import parse_document
from app.config.faults import Fault
from app.config.schema.source import Source as SourceConfig
from app.config.secrets import SecretReader
from app.sources.auth import KeySets
from app.sources.build import build_source
from app.sources.call import Call
from app.sources.decode import decode
from app.sources.presets import Example
from app.sources.source import Source
from tests.support.senders import PAYPAL_ROOTS, SENDERS, Fetched

AT = datetime(2026, 11, 23, 9, 10, 11, tzinfo=UTC)
SECRETS = {
    "SECRET": "s3cret-of-the-caller-0123456789ab",
    "OTHER": "another-s3cret-0123456789abcdefgh",
    # Standard Webhooks wants base64 of 24 bytes at least.
    "WHSEC": "whsec_YnJpZGdlLXRlc3RzLXMzY3JldC1vZi0yNA==",
    "WHSEC_OTHER": "whsec_YW5vdGhlci1zM2NyZXQtb2YtMjQtYnl0ZQ==",
    "VERIFY": "verify-t0ken-0123456789abcdefghij",
}
READER = SecretReader({**SECRETS, "ROOTS": PAYPAL_ROOTS}, Path("/nowhere"))


def source_and_faults(
    text: str, *, name: str = "crm", fetched: KeySets | None = None
) -> tuple[Source | None, list[Fault]]:
    """`text` is the YAML of one source."""
    config = SourceConfig.model_validate(parse_document(text.encode(), file="bridge.yaml").root)
    return build_source(name, config, secrets=READER, key_sets=fetched or Fetched())


def a_source(text: str = "auth: none", *, name: str = "crm") -> Source:
    source, faults = source_and_faults(text, name=name)
    assert source is not None, [str(fault) for fault in faults]
    return source


def a_call(
    body: bytes = b"",
    *,
    source: str = "crm",
    method: str = "POST",
    path: str = "",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
    at: datetime = AT,
    client: str | None = None,
) -> Call:
    known = {"content-type": content_type} if content_type else {}
    tail = (f"/{path}" if path else "") + (f"?{query}" if query else "")
    return Call(
        source=source,
        method=method,
        path=path,
        url=f"https://bridge.example.com/hooks/{source}{tail}",
        raw_query=query,
        query=parse_qs(query, keep_blank_values=True),
        headers={**known, **(headers or {})},
        body=body,
        received_at=at,
        client=client,
    )


def signed(source: Source, call: Call) -> Call:
    by_own_key = SENDERS.get(source.preset or "")
    if by_own_key is not None:
        return by_own_key(call)
    return source.authenticator.sign(call, lambda unsigned: decode(unsigned, source.decoding))


def example_call(example: Example, source: Source, *, secret: str, verify_token: str) -> Call:
    """The example as the system sends it, proof and all."""
    request = example.request(secret, verify_token)
    call = a_call(
        request.body,
        source=source.name,
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        content_type="",
        client=str(example.client) if example.client else None,
    )
    return signed(source, call) if example.is_signed else call
