"""What the library tells about runs, steps and events: frozen records with times as aware datetimes."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from outlast._model.runs import Attributes, RunStatus


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a suspended run waits for."""

    kind: str
    """`wait`, `step`, `child` or `hook`."""
    id: str
    until: datetime | None = None
    """When it is over by itself: a wait ends, a hook expires, the next attempt of a step is due. `None`: never."""
    on: str | None = None
    """The step's name, or the child's run id."""
    line: str | None = None
    """The line that waits: `flow.py:17`."""
    since: datetime | None = None
    """When a wait began; `None` for steps and children, whose beginnings are in the log, and for what
    was recorded by an older version."""
    queue: str | None = None
    """The queue that a step lies in, until a worker takes it that serves this queue."""


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
    worker: str | None = None
    """The worker that made it; `None` if it was recorded by an older version."""
    queued: float = 0.0
    """Seconds that it waited before `started_at`: there was no room for it, or it lay in the queue of its step."""


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run, as its log tells it."""

    id: str
    name: str
    status: str
    """`running`, `retrying`, `completed`, `failed`, or `cancelled`: the run is over, and the step had no outcome."""
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
    """A page of runs, newest first.

    It may have fewer runs than were asked for, even none, and not be the last: where a filter names only what very many
    runs have, a look goes through a bounded number of them. Only a page without a cursor is the last.
    """

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


HookSort: TypeAlias = Literal["-created", "created"]
"""Newest first, or oldest first."""


class HookPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of hooks, in the order that was asked for."""

    hooks: tuple[HookInfo, ...]
    cursor: str | None
    """Pass it to `App.list_hooks` to get the next page; `None` on the last one."""


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a stretch of time. Each number is exact below the `bucket_limit` of the `Overview`, and from
    there on an estimate: the first and the last runs of the stretch are counted, and tell how many are between."""

    start: datetime
    started: int
    """Runs that were created in it."""
    completed: int
    failed: int
    cancelled: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs there are, and what became of them over a window of time."""

    counts: dict[RunStatus, int]
    """Runs by status, of all times. Each number is exact below `limit`."""
    limit: int
    """No number of `counts` is above it; one that is equal to it means as many or more."""
    bucket_limit: int
    """A number in a bucket that is below it is exact, and others are estimates."""
    created_from: datetime
    created_to: datetime
    buckets: tuple[Bucket, ...]
    """The window in equal stretches, oldest first."""


class WorkflowInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow that some worker serves."""

    name: str
    signature: str
    doc: str
    input: dict[str, Any] | None
    """The JSON Schema of its arguments by name; `None` where they have none, or its worker has told none."""
    module: str
    file: str
    line: int
    versions: tuple[str, ...]
    """Of the code that has it: that of this process first, then by the age of the workers."""
    queues: tuple[str, ...]
    """Those that its workers take runs from; empty where none is alive."""
    startable: bool
    """Whether this process has its code, so that runs can be started here."""


class StepStats(msgspec.Struct, frozen=True, kw_only=True):
    """How the steps of one name went, in a sample of runs."""

    name: str
    count: int
    failed: int
    """How many had an error as their outcome."""
    attempts: int
    p50: float
    """Seconds from the first attempt's start to the outcome: the median."""
    longest: float
    """Seconds, as `p50`."""


class WorkflowStats(msgspec.Struct, frozen=True, kw_only=True):
    """How the latest runs of a workflow went. Of a sample: see `of`."""

    name: str
    of: int
    """How many runs were looked at: the newest, 500 at most."""
    counts: dict[RunStatus, int]
    """Of these, by status."""
    success: float | None
    """The share of the completed in those that completed or failed; `None` without any."""
    p50: float | None
    """Seconds from a run's first start to its end, of those that completed: percentiles."""
    p90: float | None
    p99: float | None
    logs: int
    """How many logs were read for `steps`: of the newest of these runs that are over, 20 at most."""
    steps: tuple[StepStats, ...]
    """The slowest first, by their median."""


class RunTree(msgspec.Struct, frozen=True, kw_only=True):
    """A run among its parents and children."""

    runs: tuple[RunInfo, ...]
    """The outermost parent first, then down to the run, then its children and theirs, level by level."""
    more: bool
    """Whether some were left out: more than 500 runs are below it."""


class AwaitedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the workflow that waits now."""

    file: str
    """Its file's name, without the path: the line may be one of a helper in another file."""
    line: int
    kind: str
    """`wait`, `step`, `child` or `hook`."""
    id: str


class RunSource(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow's source as it was in the version that a run started on."""

    workflow: str
    version: str
    module: str
    file: str
    line: int
    """The number of the source's first line in its file."""
    source: str
    changed: bool | None
    """Whether this process has another source under that name; `None` if it has none."""
    awaits: tuple[AwaitedLine, ...]
    """Where it stands: what the row says while it is suspended, and the steps in its log that have no outcome."""
