"""Trace contexts, as they are kept with runs: a W3C `traceparent`."""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from opentelemetry.context import Context, attach, detach
from opentelemetry.propagate import extract
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

_FORM: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def traceparent(span: Span) -> str:
    """What to keep of a span; empty if it is none that others could be under."""
    context = span.get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def span_context(kept: str) -> SpanContext | None:
    """The span that was kept; `None` if this is no such text."""
    found = _FORM.fullmatch(kept)
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return context if context.is_valid else None


def run_context(run_id: str, kept: str) -> Context:
    """What the spans of a run are under: its start. Where nobody has traced that, a place made from the run's id, so
    that all processes have the same one and the run is one trace nevertheless."""
    context = span_context(kept) or _made_from(run_id)
    return set_span_in_context(NonRecordingSpan(context), Context())


@contextmanager
def request_context(headers: Mapping[str, str]) -> Generator[None]:
    """The context that a request brings along is the current one within; unless there is a span already: then somebody
    else has seen to it, and knows better."""
    if get_current_span().get_span_context().is_valid:
        yield
        return
    token = attach(extract(headers))
    try:
        yield
    finally:
        detach(token)


def _made_from(run_id: str) -> SpanContext:
    digest = sha256(f"outlast run {run_id}".encode()).digest()
    return SpanContext(
        int.from_bytes(digest[:16]),
        int.from_bytes(digest[16:24]),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
