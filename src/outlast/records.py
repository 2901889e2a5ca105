"""What the library tells about runs, steps and events: frozen records with times as aware datetimes."""

from datetime import datetime
from typing import Any

import msgspec

from outlast._model.runs import Attributes, RunStatus


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a suspended run waits for."""

    kind: str
    """`wait`, `step`, `child` or `hook`."""
    id: str
    until: datetime | None = None
    on: str | None = None
    """The step's name, or the child's run id."""
    line: str | None = None
    """The line that waits: `flow.py:17`."""
    since: datetime | None = None
    """When a wait began; `None` for steps and children, whose beginnings are in the log, and for what
    was recorded by an older version."""


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands."""

    id: str
    workflow: str
    status: RunStatus
    version: str
    """The version of the code that it started on."""
    queue: str
    priority: int
    attributes: Attributes
    created_at: datetime
    started_at: datetime | None
    """When a worker took it first."""
    ended_at: datetime | None
    due_at: datetime | None
    """When a worker takes it next, if nothing happens before; for a running one the end of its lease,
    which is in the past when its worker is gone."""
    worker: str | None
    """The worker that has it."""
    parent: str | None
    """The id of the run that started it."""
    events: int
    """How many events its log has."""
    waiting: tuple[Waiting, ...]
    """What it waits for, where it is suspended; empty otherwise, also while it waits in memory."""
    problem: str | None
    """Why it is blocked."""


class StepAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of a step, as far as it was recorded."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    error: str | None
    """The error's class and message."""


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run, as its log tells it."""

    id: str
    name: str
    status: str
    """`running`, `retrying`, `completed` or `failed`."""
    started_at: datetime
    ended_at: datetime | None
    attempts: tuple[StepAttempt, ...]
    line: str | None
    input: Any = None
    """The decoded JSON of `{"args": [...], "kwargs": {...}}`; `None` where it was too long to keep."""
    result: Any = None
    """The decoded JSON of the result."""
    error: str | None = None


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a run's log."""

    position: int
    at: datetime
    kind: str
    data: dict[str, Any]
    """The event's fields, as JSON."""


class StreamInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of a run, as it stands."""

    name: str
    tail: int
    """The index of its last chunk; -1 while there is none."""
    closed: bool
    """Whether nothing more comes: it was closed, or the run has ended."""
    bytes: int
    """How long its chunks are together, as they are stored."""


class Rewind(msgspec.Struct, frozen=True, kw_only=True):
    """Among the values of a stream, for readers that ask for it: what came from this index on was taken back,
    because the attempt that had written some of it has failed. What counts follows anew."""

    to_index: int


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs, newest first."""

    runs: tuple[RunInfo, ...]
    cursor: str | None
    """Pass it to `list_runs` to get the next page; `None` on the last one."""


class WorkerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A process that claims runs and dispatched steps."""

    id: str
    host: str
    pid: int
    version: str
    queues: tuple[str, ...]
    started_at: datetime
    heartbeat_at: datetime
    live_runs: int = 0
    """How many runs it held at its last heartbeat."""
    attempts: int = 0
    """How many attempts of steps it was making then, of its own runs and of others'."""


class HookInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A live hook."""

    token: str
    """The secret that addresses it: who has it can resume it."""
    run_id: str
    id: str
    """Its id in the run: `hook#1`; empty while the run that was started for the token has not opened it."""
    kind: str
    """`hook` or `webhook`."""
    schema: dict[str, Any] | None
    """The JSON Schema of its payloads; `None`: any."""
    metadata: dict[str, Any]
    created_at: datetime
    expires_at: datetime | None
    url: str | None = None
    """Of a webhook, where it is: a secret as the token is. `None` if the public address was not known."""


class HookPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of hooks, newest first."""

    hooks: tuple[HookInfo, ...]
    cursor: str | None
    """Pass it to `App.list_hooks` to get the next page; `None` on the last one."""
