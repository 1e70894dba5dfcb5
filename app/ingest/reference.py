"""Describes the way in for OpenAPI: it stands outside the framework, the reference must not."""

from collections.abc import Mapping
from typing import Any

from app.web.problems import CONTENT_TYPE, PROBLEMS

_REFUSALS = (
    "undecodable",
    "unauthenticated",
    "unknown_source",
    "method_not_allowed",
    "request_timeout",
    "too_large",
    "unsupported_media",
    "unmatched",
    "store_unavailable",
)

_KINDS = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/xml",
    "application/x-ndjson",
    "application/cloudevents+json",
)

_TAKEN: dict[str, Any] = {
    "type": "object",
    "required": ["event_id", "status", "deliveries"],
    "properties": {
        "event_id": {"type": "string", "format": "uuid"},
        "status": {"type": "string", "enum": ["accepted", "ignored", "duplicate"]},
        "deliveries": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "rule", "scenario"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "rule": {"type": "string"},
                    "scenario": {"type": "integer"},
                    "state": {"type": "string", "description": "with `wait` only"},
                    "outcome": {"type": ["string", "null"], "description": "with `wait` only"},
                },
            },
        },
    },
}
_ANSWER = {
    "oneOf": [
        {"$ref": "#/components/schemas/Taken"},
        {
            "type": "object",
            "description": "of a source whose body holds many events",
            "required": ["events"],
            "properties": {
                "events": {"type": "array", "items": {"$ref": "#/components/schemas/Taken"}}
            },
        },
    ]
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def add_to(reference: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with the way in described."""
    schemas = reference.setdefault("components", {}).setdefault("schemas", {})
    schemas["Taken"] = _TAKEN
    schemas["Problem"] = _PROBLEM
    reference.setdefault("paths", {}).update(_paths())
    return reference


def _paths() -> dict[str, Any]:
    source = _path_parameter("source", "name of the source in the configuration")
    rest = _path_parameter("anything", "visible to rules as `path`")
    methods = ("post", "put", "get")
    return {
        "/hooks/{source}": {m: _operation(m, "", [source]) for m in methods},
        "/hooks/{source}/{anything}": {m: _operation(m, "_path", [source, rest]) for m in methods},
    }


def _operation(method: str, suffix: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    wait = {
        "name": "wait",
        "in": "query",
        "description": "seconds to wait for the outcome, 30 at most",
        "schema": {"type": "number", "minimum": 0, "maximum": 30},
    }
    operation: dict[str, Any] = {
        "tags": ["hooks"],
        "operationId": f"call_{method}{suffix}",
        "summary": "A call of a third-party system",
        "description": "Authenticated as the source's configuration says; a 2xx is answered only "
        "when the call is on disk. A source may state another answer.",
        "parameters": [*parameters, wait],
        "responses": _responses(),
    }
    if method != "get":
        operation["requestBody"] = {"content": {kind: {"schema": {}} for kind in _KINDS}}
    return operation


def _responses() -> dict[str, Any]:
    answer = {"application/json": {"schema": _ANSWER}}
    responses: dict[str, Any] = {
        "202": {"description": "Stored; starts follow", "content": answer},
        "200": {"description": "With `wait`: stored, and the outcome is known", "content": answer},
    }
    problem = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for slug in _REFUSALS:
        kind = PROBLEMS[slug]
        responses[str(kind.status)] = {"description": kind.title, "content": problem}
    responses["503"]["headers"] = _retry_after()
    return responses


def _retry_after() -> Mapping[str, Any]:
    return {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


def _path_parameter(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
    }
