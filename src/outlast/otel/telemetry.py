"""`OpenTelemetry`: the tracer of an app that emits spans and metrics."""

import contextvars
from asyncio import CancelledError
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

from opentelemetry.context import Context, attach
from opentelemetry.metrics import MeterProvider, get_meter_provider
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    TracerProvider,
    get_tracer_provider,
    set_span_in_context,
)

from outlast._clock import Clock, Micros
from outlast._model.events import (
    ChildStarted,
    Event,
    HookReceived,
    RunFailed,
    StepCompleted,
    StepFailed,
    StepRetried,
    WaitCompleted,
)
from outlast.instrument import AttemptNotice, Stretch, Tracer, Undertaking
from outlast.otel import names
from outlast.otel.attempts import attempt_context
from outlast.otel.contexts import request_context, run_context, span_context, traceparent
from outlast.otel.following import LiveStretch, OpenAttempt, SpanUndertaking, Written
from outlast.otel.genai import gen_ai_attributes
from outlast.otel.harmless import Faults, Teller, harmless, logger, or_else
from outlast.otel.meters import Meters, seconds
from outlast.otel.spans import Spans, error_type

_MOST_LINKS: Final = 32
"""A commit has links to so many of its runs at most."""
_ATTEMPTS: Final = {StepCompleted: "completed", StepFailed: "failed", StepRetried: "retried"}
"""What is said of an attempt with such an outcome."""


class OpenTelemetry(Teller, Tracer):
    """Emits spans and metrics: `App(instruments=[OpenTelemetry()])`. It serves one app.

    Set the providers of the SDK up before the app is opened. If there are none by then, it is left out and costs
    nothing. What is emitted stands in docs/how-to/observe.md; nothing is emitted again when a run is replayed.

    Args:
        tracer_provider: Where spans go; by default the global one.
        meter_provider: Where metrics go; by default the global one.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        super().__init__(Faults())
        self._tracer_provider, self._meter_provider = tracer_provider, meter_provider
        self._runs: dict[str, LiveStretch] = {}
        self._attempts: dict[tuple[str, str, int], OpenAttempt] = {}
        self._spans: Spans
        self._meters: Meters

    def opens(self, clock: Clock) -> bool:
        tracers = self._tracer_provider or get_tracer_provider()
        meters = self._meter_provider or get_meter_provider()
        if _is_nobody(tracers) and _is_nobody(meters):
            logger.warning(
                "no telemetry is emitted: the app was opened before a provider was set up"
            )
            return False
        self._spans = Spans(tracers.get_tracer(names.SCOPE), clock, self.faults)
        self._meters = Meters(meters.get_meter(names.SCOPE))
        return True

    # Starting and resuming

    @or_else(Undertaking)
    def starting(self, run_id: str, workflow: str) -> Undertaking:
        span = self._start(run_id, workflow, None)
        return SpanUndertaking(span, partial(self._started, workflow))

    @harmless
    def _started(self, workflow: str, span: Span, outcome: str) -> None:
        self._spans.end(span, outcome)
        if outcome == "created":
            self._meters.run_starts.add(1, {names.WORKFLOW: workflow})

    @or_else(str)
    def starting_child(self, run_id: str, child_id: str, workflow: str) -> str:
        live = self._runs[run_id]
        span = self._start(child_id, workflow, set_span_in_context(live.span, Context()))
        live.starting[child_id] = span
        return traceparent(span)

    def _start(self, run_id: str, workflow: str, context: Context | None) -> Span:
        return self._spans.begin(
            f"{names.START} {workflow}",
            {names.RUN_ID: run_id, names.WORKFLOW: workflow},
            kind=SpanKind.PRODUCER,
            context=context,
        )

    @or_else(Undertaking)
    def resuming(self, run_id: str, hook_id: str) -> Undertaking:
        live = self._runs.get(run_id)
        hook = {names.HOOK_ID: hook_id} if hook_id else {}
        span = self._spans.begin(
            f"{names.RESUME} hook",
            {names.RUN_ID: run_id, **hook},
            kind=SpanKind.PRODUCER,
            links=[] if live is None else [Link(live.span.get_span_context())],
        )
        return SpanUndertaking(span, self._spans.end)

    def incoming(self, headers: Mapping[str, str]) -> AbstractContextManager[None]:
        return request_context(headers)

    # Runs

    @harmless
    def run_taken(self, stretch: Stretch) -> None:
        now = self._spans.now()
        span = self._spans.begin(
            f"{names.RUN} {stretch.workflow}",
            {
                names.RUN_ID: stretch.run_id,
                names.WORKFLOW: stretch.workflow,
                names.VERSION: stretch.version,
                names.RUN_EPOCH: stretch.epoch,
                names.RUN_EVENTS: stretch.events,
                names.WORKER_ID: stretch.worker,
            },
            kind=SpanKind.CONSUMER,
            context=run_context(stretch.run_id, stretch.trace),
        )
        self._runs[stretch.run_id] = LiveStretch(stretch, span, now)
        self._meters.run_live.add(1, {names.WORKFLOW: stretch.workflow})

    @harmless
    def run_claimed(self, run_id: str, epoch: int) -> None:
        live = self._runs.get(run_id)
        if live is not None and live.stretch.epoch > 1:
            took = seconds(self._spans.now() - live.began)
            self._meters.replay.record(took, {names.WORKFLOW: live.stretch.workflow})

    def _wake(self, live: LiveStretch, first: Event | None) -> None:
        """Tell what has woken the run, once. What it has written first shows whether it was a time: then what stands
        last in its log was told of by an earlier stretch."""
        if live.knows_why:
            return
        live.knows_why, stretch = True, live.stretch
        if _is_timed(first, live.began):
            return
        if context := span_context(stretch.woken_by):
            live.span.add_link(context)
        if stretch.due_since is not None:
            delay = seconds(live.began - stretch.due_since)
            by = {names.QUEUE_OF: "run", names.WORKFLOW: stretch.workflow}
            self._meters.queue_delay.record(delay, by)

    @harmless
    def run_heard(self, run_id: str, event: Event) -> None:
        if isinstance(event, HookReceived) and (context := span_context(event.trace)):
            self._runs[run_id].span.add_link(context)

    @harmless
    def run_ended(self, run_id: str, status: str) -> None:
        live = self._runs[run_id]
        live.outcome = status
        by = {names.WORKFLOW: live.stretch.workflow, names.OUTCOME: status}
        self._meters.run_ends.add(1, by)
        if status != "blocked":
            length = seconds(self._spans.now() - live.stretch.created_at)
            self._meters.run_duration.record(length, by)

    @harmless
    def run_blocked(self, run_id: str, problem: str) -> None:
        self._runs[run_id].problem = problem
        self.run_ended(run_id, "blocked")

    def run_suspended(self, run_id: str) -> None:
        self._runs[run_id].outcome = "suspended"

    def run_fenced(self, run_id: str) -> None:
        self._runs[run_id].outcome = "fenced"

    @harmless
    def run_left(self, run_id: str) -> None:
        live = self._runs.pop(run_id)
        self._wake(live, None)
        self._spans.end(live.span, live.outcome, problem=live.problem)
        self._meters.run_live.add(-1, {names.WORKFLOW: live.stretch.workflow})

    @or_else(contextvars.Context)
    def context_of(self, run_id: str) -> contextvars.Context:
        context = contextvars.Context()
        context.run(attach, set_span_in_context(self._runs[run_id].span, Context()))
        return context

    @or_else(str)
    def trace_of(self, run_id: str) -> str:
        return traceparent(self._runs[run_id].span)

    # Steps

    @harmless
    def attempt_begins(self, attempt: AttemptNotice) -> None:
        queue = {} if attempt.queue is None else {names.QUEUE: attempt.queue}
        span = self._spans.begin(
            f"{names.STEP} {attempt.name}",
            {
                names.RUN_ID: attempt.run_id,
                names.WORKFLOW: attempt.workflow,
                names.STEP_ID: attempt.step_id,
                names.STEP_NAME: attempt.name,
                names.STEP_ATTEMPT: attempt.attempt,
                **queue,
                **gen_ai_attributes(attempt.name),
            },
            context=self._above(attempt),
        )
        now = self._spans.now()
        key = (attempt.run_id, attempt.step_id, attempt.attempt)
        self._attempts[key] = OpenAttempt(span, attempt.name, now)
        # The context is the attempt's own and ends with it; threads get a copy.
        attach(attempt_context(span))
        if attempt.due_since is not None:
            delay = seconds(now - attempt.due_since)
            by = {names.QUEUE_OF: "step", names.STEP_NAME: attempt.name, **queue}
            self._meters.queue_delay.record(delay, by)

    def _above(self, attempt: AttemptNotice) -> Context:
        live = self._runs.get(attempt.run_id)
        if attempt.queue is None and live is not None:
            return set_span_in_context(live.span, Context())
        return run_context(attempt.run_id, attempt.trace)

    @harmless
    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        ended = self._attempts.pop((run_id, step_id, attempt))
        outcome = _outcome(error)
        for stream, written in ended.written.items():
            self._tell_written(ended, stream, written)
        self._spans.end(ended.span, outcome, error=error)
        by = {names.STEP_NAME: ended.name, names.OUTCOME: outcome}
        self._meters.step_duration.record(seconds(self._spans.now() - ended.began), by)

    def _tell_written(self, attempt: OpenAttempt, stream: str, written: Written) -> None:
        self._spans.tell(
            names.STREAM_WRITE,
            {
                names.STREAM: stream,
                names.STREAM_CHUNKS: written.chunks,
                names.STREAM_BYTES: written.size,
            },
            written.began,
            ended=written.ended,
            context=set_span_in_context(attempt.span, Context()),
        )

    # What was written

    @harmless
    def recorded(self, run_id: str, event: Event) -> None:
        if (live := self._runs.get(run_id)) is not None:
            self._wake(live, event)
        match event:
            case StepCompleted() | StepFailed() | StepRetried():
                by = {names.STEP_NAME: event.name, names.OUTCOME: _ATTEMPTS[type(event)]}
                self._meters.attempts.add(1, by)
            case WaitCompleted():
                self._waited(run_id, event)
            case ChildStarted():
                if (span := self._runs[run_id].starting.pop(event.run_id, None)) is not None:
                    self._spans.end(span, "created")
                    self._meters.run_starts.add(1, {names.WORKFLOW: event.workflow})
            case RunFailed():
                live = self._runs[run_id]
                live.problem = self._spans.tell_recorded(live.span, event)
            case _:
                pass

    def _waited(self, run_id: str, event: WaitCompleted) -> None:
        stretch = self._runs[run_id].stretch
        self._spans.tell(
            names.WAIT,
            {
                names.RUN_ID: run_id,
                names.WORKFLOW: stretch.workflow,
                names.WAIT_ID: event.id,
            },
            event.deadline if event.started_at is None else event.started_at,
            context=run_context(run_id, stretch.trace),
        )
        lag = seconds(self._spans.now() - event.deadline)
        self._meters.wake_lag.record(lag, {names.WORKFLOW: stretch.workflow})

    @harmless
    def batch_committed(self, run_ids: list[str], events: int, claimed: int, began: Micros) -> None:
        here = [live for run_id in run_ids if (live := self._runs.get(run_id)) is not None]
        self._spans.tell(
            names.COMMIT,
            {
                names.BATCH_EVENTS: events,
                names.BATCH_RUNS: len(run_ids),
                names.CLAIMED: claimed,
            },
            began,
            context=Context(),
            links=[Link(live.span.get_span_context()) for live in here[:_MOST_LINKS]],
        )
        self._meters.commit_size.record(events)
        self._meters.commit_duration.record(seconds(self._spans.now() - began))

    @harmless
    def commit_failed(self, error: Exception) -> None:
        self._meters.commit_failures.add(1, {names.ERROR_TYPE: error_type(error)})

    @harmless
    def claimed(self, what: str, number: int, began: Micros) -> None:
        attributes: dict[str, str | int] = {names.CLAIMED: number, names.CLAIM_OF: what}
        self._spans.tell(f"{names.CLAIM} {what}", attributes, began, context=Context())

    # Streams

    @harmless
    def chunks_written(
        self, run_id: str, step_id: str, attempt: int, stream: str, sizes: list[int], began: Micros
    ) -> None:
        open_attempt = self._attempts.get((run_id, step_id, attempt))
        if open_attempt is None or not sizes:
            return
        written = open_attempt.written.setdefault(stream, Written(began))
        written.chunks += len(sizes)
        written.size += sum(sizes)
        written.ended = self._spans.now()

    @harmless
    def stream_read(self, run_id: str, stream: str, chunks: int, began: Micros) -> None:
        self._spans.tell(
            names.STREAM_READ,
            {names.RUN_ID: run_id, names.STREAM: stream, names.STREAM_CHUNKS: chunks},
            began,
        )


def _is_nobody(provider: object) -> bool:
    """Whether it is one of the API's own, which stand for an SDK that is not there."""
    return type(provider).__module__.startswith(("opentelemetry.trace", "opentelemetry.metrics"))


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "completed"
    return "cancelled" if isinstance(error, CancelledError) else "failed"


def _is_timed(event: Event | None, began: Micros) -> bool:
    """Whether it came of a time that was due when the run was taken."""
    match event:
        case WaitCompleted(deadline=deadline):
            return deadline <= began
        case StepCompleted() | StepFailed() | StepRetried():
            return event.attempt > 1
        case _:
            return False
