"""Dispatched steps: what the owner of a run puts into the queue for the worker that is to make the
attempts, and what that worker reads there."""

from typing import Final, Protocol

import msgspec

from outlast._clock import Micros
from outlast._engine.commands import RunStep
from outlast._engine.execution import Execution
from outlast._model.events import Payload
from outlast._model.runs import RunRecord
from outlast._registry.definitions import StepDefinition
from outlast._runtime.outbox import Beside, Outbox
from outlast._runtime.shared import Shared
from outlast.errors import DecodeError
from outlast.world import ClaimedStep, Dispatch


class LiveRun(Protocol):
    """The run whose steps are dispatched."""

    execution: Execution
    record: RunRecord


class DispatchedSteps:
    """The steps of a live run that other workers make. Nothing is kept of them here: which ones are
    undecided the execution knows, and which ones are in the queue the world does."""

    def __init__(self, runtime: Shared, run: LiveRun, outbox: Outbox) -> None:
        self._runtime, self._run, self._outbox = runtime, run, outbox

    def dispatch(self, command: RunStep) -> None:
        """Put a step into the queue with the next batch. One that is there already stays as it is, so
        whoever takes up a run dispatches all that is undecided."""
        now = self._runtime.clock.now()
        tracer, run = self._runtime.observers.tracer, self._run.record
        trace = "" if tracer is None else tracer.trace_of(run.id)
        self._outbox.dispatch(dispatch_of(command, run, now, trace))

    def answered(self, changes: Beside, *, missed: bool) -> None:
        """The changes were committed, and what had been missed was fed since: if there was something, no
        step was dispatched, and those that are still wanted go again."""
        if changes.withdraws:
            self._runtime.on_withdrawn(self._run.record.id, changes.withdraws)
        if not missed:
            self._runtime.on_dispatched()
            return
        for ref, dispatch in changes.dispatches.items():
            if self._run.execution.requests.operations.is_pending(ref):
                self._outbox.dispatch(dispatch)


class StepCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The data of a `Dispatch`. Compatibility rule, as for events: fields are only ever added, with a default."""

    input: Payload
    """The arguments: `{"args": [...], "kwargs": {...}}`, encoded."""
    digest: str
    """The digest of the input, which the outcome carries."""
    line: str | None = None
    """Where the workflow asks: `flow.py:17`."""
    trace: str = ""
    """The trace context of the stretch that asks."""
    due_at: Micros = 0
    """When its first attempt was due."""


def dispatch_of(command: RunStep, run: RunRecord, now: Micros, trace: str = "") -> Dispatch:
    """The step as it goes into the queue that its definition names, with the priority of its run."""
    definition = command.definition
    assert definition.queue is not None  # noqa: S101 - else its attempts are made here
    call = StepCall(
        input=msgspec.Raw(command.input),
        digest=command.digest,
        line=command.line,
        trace=trace,
        due_at=max(now, command.not_before),
    )
    return Dispatch(
        ref=command.ref,
        name=definition.name,
        queue=definition.queue,
        priority=run.priority,
        attempt=command.attempt,
        delay=max(0, command.not_before - now),
        data=_encode(call),
    )


def command_of(claimed: ClaimedStep, definition: StepDefinition) -> RunStep:
    """The command again, for the worker that has claimed the step.

    Raises `DecodeError` for data that this version of the library cannot read.
    """
    call = step_call(claimed)
    return RunStep(
        ref=claimed.key.ref,
        line=call.line,
        definition=definition,
        input=bytes(call.input),
        digest=call.digest,
        attempt=claimed.attempt,
    )


def step_call(claimed: ClaimedStep) -> StepCall:
    """The data of a claimed step. Raises `DecodeError`."""
    try:
        return _decode(claimed.data)
    except (ValueError, RecursionError) as error:
        raise DecodeError("$", f"the data of a dispatched step is damaged: {error}") from None


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(StepCall).decode
