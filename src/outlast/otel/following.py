"""What is under way in this process, with the spans that are open for it."""

from collections.abc import Callable

from opentelemetry.trace import Span

from outlast._clock import Micros
from outlast.instrument import Stretch, Undertaking
from outlast.otel import names
from outlast.otel.contexts import traceparent


class LiveStretch:
    """A run that is live here."""

    def __init__(self, stretch: Stretch, span: Span, began: Micros) -> None:
        self.stretch, self.span, self.began = stretch, span, began
        self.outcome = "released"
        """What becomes of it, as far as it was told."""
        self.problem: str | None = None
        """Why it has failed or is blocked."""
        self.knows_why = False
        """Whether it is known what has woken it."""
        self.starting: dict[str, Span] = {}
        """Its children whose start is not committed yet, by their ids. What never is leaves no span."""


class OpenAttempt:
    """An attempt of a step whose code is running."""

    def __init__(self, span: Span, name: str, began: Micros) -> None:
        self.span, self.name, self.began = span, name, began
        self.written: dict[str, Written] = {}
        """What it has written, by the name of the stream."""


class Written:
    """What an attempt has written to one stream: one span tells of it, however many writes it were."""

    def __init__(self, began: Micros) -> None:
        self.began = self.ended = began
        self.chunks = self.size = 0


class SpanUndertaking(Undertaking):
    """A start or a resumption, with its span."""

    def __init__(self, span: Span, on_end: Callable[[Span, str], None]) -> None:
        self._span, self._on_end = span, on_end
        self.trace = traceparent(span)

    def end(self, outcome: str, run_id: str | None = None) -> None:
        if run_id is not None:
            self._span.set_attribute(names.RUN_ID, run_id)
        self._on_end(self._span, outcome)
