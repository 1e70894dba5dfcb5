"""Stored calls and the configuration they are held against."""

from pathlib import Path

from app.config.document import parse_document
from app.config.secrets import PLACEHOLDER, SecretReader
from app.model.event import Event, EventId, EventStatus
from app.revision import Revision, build_revision
from tests.support.sources import AT

CONFIG = """\
version: 1
destinations:
  main: {url: "https://altcraft.example.com", token: {env: ALTCRAFT_TOKEN}}
sources:
  forms:
    auth: {bearer: {env: FORMS_TOKEN}}
    region: RU
    dedup: body.id
  crm:
    preset: bitrix24
    auth: {secret: {env: BITRIX_TOKEN}}
  text:
    auth: {path_secret: {env: TEXT_TOKEN}}
    decode: {as: text}
  keyed:
    auth: {public_key: {kind: rsa, key: {env: PUBLIC_KEY}, signature: {header: X-Signature}}}
rules:
  - name: deal won
    source: crm
    when: body.event == "ONCRMDEALUPDATE" && body.data.FIELDS.STAGE_ID == "WON"
    match:
      - {custom: CRM_ID, value: body.data.FIELDS.CONTACT_ID}
      - {email: body.data.FIELDS.EMAIL}
    scenario: 3
    content: {deal: body.data.FIELDS.ID}
  - name: order
    source: forms
    when: body.kind == "order"
    match:
      - {email: body.customer.email}
      - {phone: body.customer.phone}
    scenario: {by: body.status, of: {paid: 2, abandoned: 4}}
    content: {id: body.id}
  - name: welcome
    source: [forms, keyed]
    when: '!has(body.kind)'
    scenario: 1
"""


def a_revision(text: str = CONFIG) -> Revision:
    reader = SecretReader({}, Path("/nowhere"), placeholder=PLACEHOLDER)
    return build_revision(parse_document(text.encode(), file="bridge.yaml"), reader)


def an_event(
    body: bytes,
    *,
    source: str = "forms",
    content_type: str = "application/json",
    query: str = "",
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> Event:
    return Event(
        id=EventId("0199"),
        source=source,
        received_at=AT,
        method=method,
        path="",
        query=query,
        headers={"content-type": content_type, "user-agent": "shop/1", **(headers or {})},
        content_type=content_type,
        body=body,
        status=EventStatus.ACCEPTED,
    )
