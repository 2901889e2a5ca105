"""Observing the runtime, without the runtime knowing who observes.

Subclass `Instrument`, override what is of interest, and pass it to `App(instruments=[...])`. The calls
come on the event loop's thread and must be quick; what one raises is logged, and nothing else comes of it. Replay
makes no calls. Lengths of time are in microseconds, and points in time in microseconds since 1970, in UTC.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context

import msgspec

from outlast._clock import Clock, Micros
from outlast._model.events import Event


class Instrument:
    """An observer. Every method does nothing by default."""

    def worker_started(self, worker_id: str) -> None:
        """A worker serves from now on."""

    def worker_stopped(self, worker_id: str) -> None:
        """A worker holds no run any more."""

    def run_claimed(self, run_id: str, epoch: int) -> None:
        """A run was taken, and its log has been replayed up to its end."""

    def run_suspended(self, run_id: str) -> None:
        """A run has left this worker's memory; nothing is running in it."""

    def run_ended(self, run_id: str, status: str) -> None:
        """A run's end was committed: `completed`, `failed` or `cancelled`."""

    def run_blocked(self, run_id: str, problem: str) -> None:
        """A run cannot go on with the code or the settings that are here; `problem` says why, for people."""

    def run_fenced(self, run_id: str) -> None:
        """A commit was refused: the run has another owner by now, and this one drops it."""

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        """An attempt of a step begins."""

    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        """An attempt of a step has ended; its outcome is not committed yet."""

    def committed(self, events: int, runs: int, duration: Micros) -> None:
        """A batch of so many events of so many runs was committed, which took so long."""

    def commit_failed(self, error: Exception) -> None:
        """A batch could not be committed for now. It will be tried again."""

    def loop_blocked(self, what: str, line: str, duration: Micros) -> None:
        """A step or a workflow has not let the event loop go on for that long. Called on a thread
        of its own, while it lasts."""


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of activity of a run in one process: from its claim until it leaves."""

    run_id: str
    workflow: str
    version: str
    epoch: int
    worker: str
    trace: str
    """The trace context that was kept with the run when it was started; empty if there was none."""
    woken_by: str = ""
    """The trace context of whoever has resumed a hook of it, if that is the last that its log tells."""
    created_at: Micros
    due_since: Micros | None = None
    """When it became due, if the log tells: at its start, or when the last thing came from outside. A run that a time
    wakes may have seen that before."""
    events: int = 1
    """How many events of its log are replayed."""


class AttemptNotice(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt of a step that is about to call the step's code."""

    run_id: str
    workflow: str
    step_id: str
    name: str
    attempt: int
    queue: str | None = None
    """The queue that the step came through, if it was dispatched."""
    trace: str = ""
    """The trace context of the stretch that has dispatched it."""
    due_since: Micros | None = None
    """Since when it could have begun, had there been room."""


class Undertaking:
    """Something that a tracer follows from its begin to its end."""

    trace: str = ""
    """The trace context to keep with what comes of it: a W3C `traceparent`, or empty."""

    def end(self, outcome: str, run_id: str | None = None) -> None:
        """It is over. The run is given if it may be another one than the one that was thought of."""


class Tracer(Instrument):
    """An instrument that also follows how one thing leads to another, in one process and between them.

    An app has one tracer at most: the first of its instruments that is one. Replay tells it nothing. What it gives as
    the context of a trace is kept with runs, and shown to whoever takes them up.
    """

    def opens(self, clock: Clock) -> bool:
        """An app opens, whose time this is. False: there is nobody to tell, so leave this tracer out."""
        return True

    def starting(self, run_id: str, workflow: str) -> Undertaking:
        """A run is about to be created. Its end is `created`, `existing` or `failed`."""
        return Undertaking()

    def starting_child(self, run_id: str, child_id: str, workflow: str) -> str:
        """The run is about to start a child: the trace context to keep with it. `recorded` tells that it was."""
        return ""

    def resuming(self, run_id: str, hook_id: str) -> Undertaking:
        """A payload is about to be put into the log of a run. Its end is `received`, `gone` or `failed`. The id of the
        hook is empty if the payload comes with the start of the run, which has not opened it yet."""
        return Undertaking()

    def incoming(self, headers: Mapping[str, str]) -> AbstractContextManager[None]:
        """Whatever is started and resumed within comes of a request with these headers, whose names are lower case."""
        return nullcontext()

    def run_taken(self, stretch: Stretch) -> None:
        """A run was claimed or begun here; `run_claimed` follows when its log was replayed."""

    def run_heard(self, run_id: str, event: Event) -> None:
        """A live run was given what others have put into its log."""

    def run_left(self, run_id: str) -> None:
        """A run is not in this process any more; what became of it was told before, if anything did."""

    def context_of(self, run_id: str) -> Context:
        """The context that the workflow's code has in this stretch."""
        return Context()

    def trace_of(self, run_id: str) -> str:
        """The trace context of the stretch of a run that is live here."""
        return ""

    def attempt_begins(self, attempt: AttemptNotice) -> None:
        """Called in the context that the step's code will have, right before `attempt_started`."""

    def recorded(self, run_id: str, event: Event) -> None:
        """An event that this process has written to the log of a run was committed. Told once."""

    def batch_committed(self, run_ids: list[str], events: int, claimed: int, began: Micros) -> None:
        """A batch was committed that was begun then: the live runs that had a part in it, and how many runs it took."""

    def claimed(self, what: str, number: int, began: Micros) -> None:
        """This worker has taken so many `runs` or `steps`."""

    def chunks_written(
        self, run_id: str, step_id: str, attempt: int, stream: str, sizes: list[int], began: Micros
    ) -> None:
        """Chunks of these sizes, written by an attempt, are durable."""

    def stream_read(self, run_id: str, stream: str, chunks: int, began: Micros) -> None:
        """A reader of a stream has come to its end, or has left. Called in the reader's context."""
