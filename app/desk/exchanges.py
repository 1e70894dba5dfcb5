"""What was sent to Altcraft and what came back, made up from what the store keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.altcraft.requests import Item, batch_method, masked_body, method_of, method_url
from app.model.delivery import Attempt, Delivery
from app.model.json import Json
from app.revision import Revision
from app.shown.masking import masked, shown_match, without

# What a viewer may see of a request: it names nobody.
_OPEN = frozenset({"token", "id", "workflow_id", "matching", "field_name"})


@dataclass(frozen=True, slots=True)
class Sent:
    """`url` has no host where the destination is no more. `body` is the part of this start
    alone, where several shared the request."""

    url: str
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Exchange:
    """`attempt` with the words that the reader may see. `match` and `sent` None: the person was
    forgotten. `imports`: it was to create the profile or bring it up to date."""

    attempt: Attempt
    match: str | None
    imports: bool
    sent: Sent | None


def exchange(delivery: Delivery, attempt: Attempt, revision: Revision, *, reveal: bool) -> Exchange:
    then = replace(delivery, match_index=attempt.match_index)
    if then.is_erased:
        return Exchange(attempt, None, False, None)
    hidden = () if reveal else delivery.start.matches
    return Exchange(
        attempt=replace(attempt, error_text=without(attempt.error_text, hidden)),
        match=shown_match(then.match, reveal=reveal),
        imports=then.imports,
        sent=_sent(then, attempt, revision, reveal=reveal),
    )


def _sent(then: Delivery, attempt: Attempt, revision: Revision, *, reveal: bool) -> Sent:
    start, imports = then.start, then.imports
    method = method_of(start, imports=imports)
    if attempt.together > 1:
        batch = start.handling.batch
        as_task = batch is not None and batch.as_task
        method = batch_method(Item(start, then.match, imports), as_task=as_task)
    platform = revision.platforms.get(start.destination)
    body = masked_body(start, then.match, imports=imports)
    if not reveal:
        body = {name: v if name in _OPEN else masked(v) for name, v in body.items()}
    return Sent(method_url(str(platform.settings.url) if platform else "", method), body)
