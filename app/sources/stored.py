"""Calls as they were stored."""

from app.model.event import Event
from app.sources.call import Call, query_parameters


def call_of_event(event: Event) -> Call:
    return Call(
        source=event.source,
        method=event.method,
        path=event.path,
        url=f"http://localhost/hooks/{event.source}",
        raw_query=event.query,
        query=query_parameters(event.query),
        headers={**event.headers, "content-type": event.content_type},
        body=event.body,
        received_at=event.received_at,
    )
