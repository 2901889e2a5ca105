"""What whoever asks for a run's result gets at its end: the result, or the error."""

from typing import Any

import msgspec

from outlast._clock import to_seconds
from outlast._codec import Codec, decode_event
from outlast._engine.failures import run_failed_error
from outlast._model.events import RunCancelled, RunCompleted, RunFailed
from outlast._model.runs import TERMINAL, RunStatus
from outlast._registry.durations import duration
from outlast._registry.policy import Delay
from outlast._runtime.endings import EndEvent
from outlast.errors import RunBlockedError, RunCancelledError
from outlast.records import EventRecord, RunInfo
from outlast.world import StoredEvent


def result_of(run_id: str, workflow: str, ending: EndEvent, codec: Codec) -> Any:
    """The result of a run that has ended so. Raises what `Run.result` raises."""
    match ending:
        case RunCompleted(result=result):
            return codec.decode(result)
        case RunFailed(error=error):
            raise run_failed_error(run_id, workflow, error, codec)
        case RunCancelled(reason=reason):
            raise RunCancelledError(run_id, reason)


def is_settled(info: RunInfo) -> bool:
    """Whether there is nothing to wait for: the run is over, or blocked and tried by nobody."""
    return info.status in TERMINAL or (info.status is RunStatus.BLOCKED and info.due_at is None)


def result_of_record(info: RunInfo, last: EventRecord, codec: Codec) -> Any:
    """The same, from the public records of a settled run and of its last event."""
    if info.status is RunStatus.BLOCKED:
        raise RunBlockedError(info.id, info.problem or "")
    data = msgspec.json.encode({"kind": last.kind, **last.data})
    ending = decode_event(StoredEvent(last.position, 0, last.kind, data)).event
    assert isinstance(ending, RunCompleted | RunFailed | RunCancelled)  # noqa: S101 - terminal is terminal
    return result_of(info.id, info.workflow, ending, codec)


def seconds_to_wait(timeout: Delay | None) -> float | None:
    """How long to wait, in seconds; `None` is for ever. Raises `InvalidDurationError`."""
    return None if timeout is None else to_seconds(duration(timeout))
