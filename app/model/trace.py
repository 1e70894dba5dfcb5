"""The trace that a call belongs to, kept with what it starts until that is sent."""

from dataclasses import replace

from app.kit.light import light


@light
class TraceContext:
    """As W3C writes it in `traceparent` and `tracestate`. `is_linked`: it is that of what is
    repeated here, to be pointed to and not gone on with."""

    parent: str
    state: str = ""
    is_linked: bool = False

    @property
    def trace_id(self) -> str:
        return self.parent.split("-")[1]


def linked(trace: TraceContext | None) -> TraceContext | None:
    """For whoever repeats what has this trace."""
    return None if trace is None else replace(trace, is_linked=True)
