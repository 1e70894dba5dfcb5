"""A tried call as a case of `bridge test`."""

from app.cases import CannotSave, SaveOptions, case_of_event
from app.desk.refusals import Invalid
from app.desk.tried import CaseAsked, CaseShown, revision_of
from app.kit.ids import new_id
from app.model.event import Event, EventId, EventStatus
from app.sources.call import Call


def case_shown(asked: CaseAsked, call: Call) -> CaseShown:
    """Raises Invalid."""
    try:
        saved = case_of_event(
            revision_of(asked.configuration or ""),
            _event(call),
            SaveOptions(asked.name or f"call of {asked.source}"),
        )
    except CannotSave as why:
        raise Invalid(str(why)) from None
    return CaseShown(text=saved.text, notes=list(saved.notes))


def _event(call: Call) -> Event:
    return Event(
        id=EventId(new_id()),
        source=call.source,
        received_at=call.received_at,
        method=call.method,
        path=call.path,
        query=call.raw_query,
        headers=call.headers,
        content_type=call.content_type,
        body=call.body,
        status=EventStatus.IGNORED,
    )
