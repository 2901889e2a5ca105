"""Making public records from rows and logs."""

from collections.abc import Iterable
from datetime import datetime
from operator import index
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from outlast._clock import to_seconds
from outlast._codec import Codec
from outlast._model.events import (
    NO_PAYLOAD,
    Logged,
    Payload,
    RunCancelled,
    RunCompleted,
    RunFailed,
    StepCompleted,
    StepFailed,
    StepRetried,
    StepStarted,
    WaitCompleted,
    WakeRequested,
)
from outlast._model.runs import RunRecord
from outlast._model.runs import Waiting as WaitingRow
from outlast._model.workers import WorkerRecord
from outlast._registry.durations import to_datetime
from outlast.records import EventRecord, RunInfo, StepAttempt, StepRecord, Waiting, WorkerInfo
from outlast.world import StoredEvent


def run_info(run: RunRecord) -> RunInfo:
    """The public record of a row."""
    return RunInfo(
        id=run.id,
        workflow=run.workflow,
        status=run.status,
        version=run.version,
        queue=run.queue,
        priority=run.priority,
        attributes=run.attributes,
        created_at=to_datetime(run.created_at),
        started_at=_moment(run.started_at),
        ended_at=_moment(run.ended_at),
        due_at=_moment(run.due_at),
        worker=run.worker,
        parent=run.parent.run_id if run.parent else None,
        events=run.position,
        waiting=tuple(
            Waiting(
                kind=waiting.kind,
                id=waiting.ref,
                until=_moment(waiting.until),
                on=waiting.on,
                line=waiting.line,
                since=_moment(waiting.since),
                queue=waiting.queue,
            )
            for waiting in run.waiting
        ),
        problem=run.problem,
    )


def worker_info(worker: WorkerRecord) -> WorkerInfo:
    """The public record of a worker."""
    return WorkerInfo(
        id=worker.id,
        host=worker.host,
        pid=worker.pid,
        version=worker.version,
        queues=worker.queues,
        started_at=to_datetime(worker.started_at),
        heartbeat_at=to_datetime(worker.heartbeat_at),
        live_runs=worker.live_runs,
        attempts=worker.attempts,
    )


def position_within(start: int) -> int:
    """The same position, or one that no log has either and that every world can look for. Raises `TypeError`
    for what is no whole number."""
    return max(0, min(index(start), _LAST))


_LAST: Final = 2**31 - 1


def event_record(stored: StoredEvent, *, secrets: bool = False) -> EventRecord:
    """The public record of an event; with `secrets`, nothing of it is left out."""
    data: dict[str, Any] = msgspec.json.decode(stored.data)
    data.pop("kind", None)
    if not secrets:
        data.pop("secret", None)  # of a run: who has it has the tokens of its hooks
    return EventRecord(
        position=stored.position, at=to_datetime(stored.at), kind=stored.kind, data=data
    )


class _Steps:
    """Gathers the events of each step."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._owner = ""
        """The worker that has the run, by the last attempt that told."""
        self.records: dict[str, StepRecord] = {}

    def add(self, logged: Logged) -> None:
        match logged.event:
            case StepStarted() as event:
                self._put(event, logged, "running")
            case StepRetried() as event:
                self._put(event, logged, "retrying", error=self._text(event.error))
            case StepCompleted() as event:
                self._put(event, logged, "completed", result=_json(event.result))
            case StepFailed() as event:
                self._put(event, logged, "failed", error=self._text(event.error))
            case RunCompleted() | RunFailed() | RunCancelled():
                self._end(to_datetime(logged.at))
            case _:
                pass

    def _end(self, at: datetime) -> None:
        """Of a step that was cancelled, or that nobody awaited, no event tells: it ends with its run at the latest."""
        for ref, step in self.records.items():
            if step.ended_at is None:
                attempts = [replace(one, ended_at=one.ended_at or at) for one in step.attempts]
                self.records[ref] = replace(
                    step, status="cancelled", ended_at=at, attempts=tuple(attempts)
                )

    def _put(
        self,
        event: StepStarted | StepRetried | StepCompleted | StepFailed,
        logged: Logged,
        status: str,
        *,
        error: str | None = None,
        result: Any = None,
    ) -> None:
        self._owner = event.owner or self._owner
        ended = None if status == "running" else to_datetime(logged.at)
        attempt = StepAttempt(
            number=event.attempt,
            started_at=to_datetime(event.started_at),
            ended_at=ended,
            error=error,
            worker=event.worker or self._owner or None,
            queued=to_seconds(event.queued),
        )
        known = self.records.get(event.id)
        before = known.attempts if known else ()
        kept = tuple(one for one in before if one.number != event.attempt)
        over = status in ("completed", "failed")
        self.records[event.id] = StepRecord(
            id=event.id,
            name=event.name,
            status=status,
            started_at=known.started_at if known else to_datetime(event.started_at),
            ended_at=ended if over else None,
            attempts=(*kept, attempt),
            line=event.line,
            input=_json(getattr(event, "input", NO_PAYLOAD)),
            result=result,
            error=error,
        )

    def _text(self, payload: msgspec.Raw) -> str:
        return str(self._codec.describe_error(payload))


def waits_beside(log: Iterable[Logged]) -> Iterable[WaitingRow]:
    """The sleeps and timeouts that a run is in beside steps that are under way, as those steps told."""
    told: dict[str, tuple[WaitingRow, ...]] = {}
    over: set[str] = set()
    for logged in log:
        match logged.event:
            case StepStarted(id=ref, waits=waits):
                told[ref] = waits
            case StepRetried(id=ref) | StepCompleted(id=ref) | StepFailed(id=ref):
                told.pop(ref, None)
            case WaitCompleted(id=ref):
                over.add(ref)
            case WakeRequested():
                over.update(one.ref for waits in told.values() for one in waits if one.is_sleep)
            case _:
                pass
    pending = {one.ref: one for waits in told.values() for one in waits}
    return [one for ref, one in pending.items() if ref not in over]


def step_records(log: Iterable[Logged], codec: Codec) -> list[StepRecord]:
    """The steps of a log, in the order in which they were first recorded."""
    steps = _Steps(codec)
    for logged in log:
        steps.add(logged)
    return list(steps.records.values())


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else to_datetime(micros)


def _json(payload: Payload) -> Any:
    data = bytes(payload)
    return msgspec.json.decode(data) if data else None
