"""The spans."""

from collections.abc import Mapping, Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
)
from opentelemetry.util.types import AttributeValue

from outlast._clock import Clock, Micros
from outlast._codec import Codec
from outlast._model.events import RunFailed
from outlast.otel import names
from outlast.otel.harmless import Faults, Teller, harmless

_NANOS: Final = 1_000
"""In a microsecond."""

Attributes = Mapping[str, AttributeValue]


class Spans(Teller):
    """Begins and ends spans, by the clock of the app. What samplers and span processors raise is noted as a fault."""

    def __init__(self, tracer: Tracer, clock: Clock, faults: Faults) -> None:
        super().__init__(faults)
        self._tracer, self._clock = tracer, clock

    def now(self) -> Micros:
        """The app's time."""
        return self._clock.now()

    def begin(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        context: Context | None = None,
        links: Sequence[Link] = (),
    ) -> Span:
        """A span that begins now; by default under the one that is current. If there can be none, the one above takes
        its place: what comes below stays in the trace."""
        try:
            return self._tracer.start_span(
                name,
                context,
                kind,
                attributes,
                links,
                start_time=self.now() * _NANOS,
            )
        except Exception as error:  # noqa: BLE001 - whatever an SDK does
            self.faults.note(error)
            return NonRecordingSpan(get_current_span(context).get_span_context())

    @harmless
    def end(
        self,
        span: Span,
        outcome: str | None = None,
        *,
        error: BaseException | None = None,
        problem: str | None = None,
    ) -> None:
        """It ends now. A failed one has the status of an error, with what is known of it."""
        now = self.now() * _NANOS
        if outcome is not None:
            span.set_attribute(names.OUTCOME, outcome)
        if outcome in ("failed", "blocked"):
            span.set_status(Status(StatusCode.ERROR, problem))
        if error is not None and outcome == "failed":
            span.set_attribute(names.ERROR_TYPE, error_type(error))
            _tell_error(span, error, now)
        span.end(now)

    def tell_recorded(self, span: Span, event: RunFailed) -> str:
        """Tell of the error that a run has failed with, and give its message. Its class need not be known here."""
        error = Codec().describe_error(event.error)
        told = {"type": error.type, "message": error.message, "stacktrace": error.traceback}
        attributes = {f"exception.{name}": text for name, text in told.items()}
        span.set_attribute(names.ERROR_TYPE, error.type)
        span.add_event("exception", attributes, self.now() * _NANOS)
        return error.message

    @harmless
    def tell(
        self,
        name: str,
        attributes: Attributes,
        began: Micros,
        *,
        ended: Micros | None = None,
        context: Context | None = None,
        links: Sequence[Link] = (),
    ) -> None:
        """A span of what is over."""
        span = self._tracer.start_span(
            name, context, SpanKind.INTERNAL, attributes, links, start_time=began * _NANOS
        )
        span.end((self.now() if ended is None else ended) * _NANOS)


def _tell_error(span: Span, error: BaseException, now: int) -> None:
    try:
        span.set_status(Status(StatusCode.ERROR, str(error)))
        span.record_exception(error, timestamp=now)
    except Exception:  # noqa: BLE001 - its own `__str__` may raise; the span has its type all the same
        span.add_event("exception", {"exception.type": error_type(error)}, now)


def error_type(error: BaseException) -> str:
    """What the conventions call the type of an error."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
