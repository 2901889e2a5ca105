"""The entries of a timeline, each made from an event. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from outlast._api.inspection import ErrorText, error_text
from outlast.cli.texts import attributes_text, in_one_line
from outlast.cli.times import moment
from outlast.records import EventRecord, Waiting

State: TypeAlias = Literal[
    "queued", "running", "retrying", "waiting", "completed", "failed", "cancelled"
]
Kind: TypeAlias = Literal["step", "wait", "child", "hook", "note"]

OPEN: Final[frozenset[State]] = frozenset({"queued", "running", "retrying", "waiting"})
"""The states of what is not over."""


_STEP_STATES: Final[dict[str, State]] = {
    "step_started": "running",
    "step_retried": "retrying",
    "step_completed": "completed",
    "step_failed": "failed",
}


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of a step."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    error: ErrorText | None = None
    lost: bool = False
    """It was under way when its worker died or was stopped; it was made again."""
    worker: str = ""
    """Who makes it; empty if the log does not tell."""
    queued: timedelta = timedelta()
    """How long it waited for its turn before it began."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A step, a wait, a child run, a hook, or a remark on a timeline."""

    kind: Kind
    id: str
    name: str
    state: State
    started_at: datetime
    ended_at: datetime | None = None
    until: datetime | None = None
    """When a wait is over, a hook expires, or the next attempt of a step is due."""
    attempts: tuple[Attempt, ...] = ()
    error: ErrorText | None = None
    child: str | None = None
    """The run id of a child."""
    line: str | None = None
    """The line of the workflow that asked for it: `flow.py:17`."""
    queue: str | None = None
    """The queue that a step lies in."""
    woken: bool = False
    """Whether a wake ended it before its time."""
    received: int = 0
    """How many payloads a hook has received."""
    remark: str = ""
    """What else there is to say of a hook."""

    @property
    def queued(self) -> timedelta:
        """How long its attempts waited for their turn, all together."""
        return sum((attempt.queued for attempt in self.attempts), timedelta())

    @property
    def workers(self) -> tuple[str, ...]:
        """Who has made its attempts, as far as the log tells."""
        return tuple(dict.fromkeys(one.worker for one in self.attempts if one.worker))


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    state: State
    at: datetime
    result: Any = None
    """The JSON of the result."""
    error: ErrorText | None = None
    reason: str | None = None


def step_entry(event: EventRecord, known: Entry | None, worker: str) -> Entry:
    data, state = event.data, _STEP_STATES[event.kind]
    error = error_text(data["error"]) if "error" in data else None
    attempt = Attempt(
        number=data["attempt"],
        started_at=moment(data["started_at"]),
        ended_at=None if state == "running" else event.at,
        error=error,
        worker=worker,
        queued=timedelta(microseconds=data.get("queued", 0)),
    )
    before = () if known is None else _attempts_before(known, attempt)
    return Entry(
        kind="step",
        id=data["id"],
        name=data["name"],
        state=state,
        started_at=before[0].started_at if before else attempt.started_at,
        ended_at=None if state in OPEN else event.at,
        until=moment(data["retry_at"]) if "retry_at" in data else None,
        attempts=(*before, attempt),
        error=error,
        line=data.get("line"),
    )


def _attempts_before(known: Entry, attempt: Attempt) -> tuple[Attempt, ...]:
    """The attempts known so far. One of which only the start is known, and which was then made with
    the same number at another time, was lost."""
    kept: list[Attempt] = []
    for one in known.attempts:
        if one.ended_at is not None or one.lost:
            kept.append(one)
        elif one.started_at != attempt.started_at:
            kept.append(replace(one, lost=True))
    return tuple(kept)


def wait_entry(at: datetime, data: Mapping[str, Any]) -> Entry:
    until = moment(data["deadline"])
    began = moment(data["started_at"]) if "started_at" in data else at
    return Entry(
        kind="wait",
        id=data["id"],
        name=name_of(data["id"]),
        state="completed",
        started_at=began,
        ended_at=at,
        until=until,
        line=data.get("line"),
    )


def woken_entry(at: datetime, waiting: Mapping[str, Any]) -> Entry:
    pending = pending_entry(waiting_of(waiting), since=at)
    return replace(pending, state="completed", ended_at=at, woken=True)


def child_entry(at: datetime, data: Mapping[str, Any]) -> Entry:
    detached = bool(data.get("detached"))
    return Entry(
        kind="child",
        id=data["id"],
        name=data["workflow"],
        state="completed" if detached else "running",
        started_at=at,
        ended_at=at if detached else None,
        child=data["run_id"],
        line=data.get("line"),
    )


def hook_entry(event: EventRecord) -> Entry:
    data, lost = event.data, event.kind == "hook_conflicted"
    expires = data.get("expires_at")
    return Entry(
        kind="hook",
        id=data["id"],
        name=name_of(data["id"]),
        state="failed" if lost else "waiting",
        started_at=event.at,
        ended_at=event.at if lost else None,
        until=None if expires is None else moment(expires),
        line=data.get("line"),
        remark=f"the token {data['token']} is that of {data['owner']}" if lost else "",
    )


def given_up(step: Entry, at: datetime) -> Entry:
    """The step, which was cancelled, or which nobody awaited."""
    ended = tuple(
        one if one.lost else replace(one, ended_at=one.ended_at or at) for one in step.attempts
    )
    return replace(step, state="cancelled", ended_at=at, until=None, attempts=ended)


def closed(hook: Entry, at: datetime) -> Entry:
    """The hook, after which nothing comes any more."""
    state: State = "completed" if hook.received else "cancelled"
    return replace(hook, state=state, ended_at=hook.ended_at or at)


def note(event: EventRecord) -> Entry:
    match event.kind:
        case "attributes_set":
            return remark(event, f"attributes {attributes_text(event.data['attributes'])}")
        case "cancel_requested":
            reason = event.data.get("reason")
            said = f"cancel asked for: {in_one_line(reason)}" if reason else "cancel asked for"
            return remark(event, said)
        case _:
            return remark(event, "woken: its sleeps end")


def remark(event: EventRecord, text: str) -> Entry:
    return Entry(
        kind="note",
        id=f"@{event.position}",
        name=text,
        state="completed",
        started_at=event.at,
        ended_at=event.at,
        line=event.data.get("line"),
    )


def waiting_of(told: Mapping[str, Any]) -> Waiting:
    """What an event tells of a wait, as a row does."""
    since, until = told.get("since"), told.get("until")
    return Waiting(
        kind=told["kind"],
        id=told["ref"],
        until=None if until is None else moment(until),
        line=told.get("line"),
        since=None if since is None else moment(since),
    )


def pending_entry(waiting: Waiting, since: datetime) -> Entry:
    kinds: dict[str, Kind] = {"step": "step", "child": "child", "hook": "hook"}
    return Entry(
        kind=kinds.get(waiting.kind, "wait"),
        id=waiting.id,
        name=waiting.on if waiting.kind == "step" and waiting.on else name_of(waiting.id),
        # A step that the row tells of and the log does not is in a queue: no worker has begun it.
        state="queued" if waiting.kind == "step" else "waiting",
        started_at=waiting.since or since,
        until=waiting.until,
        child=waiting.on if waiting.kind == "child" else None,
        line=waiting.line,
        queue=waiting.queue,
    )


def ending_of(event: EventRecord) -> Ending:
    return Ending(
        state=state_after(event.kind),
        at=event.at,
        result=event.data.get("result"),
        error=error_text(event.data["error"]) if "error" in event.data else None,
        reason=event.data.get("reason"),
    )


def state_after(kind: str) -> State:
    match kind.rpartition("_")[2]:
        case "failed":
            return "failed"
        case "cancelled":
            return "cancelled"
        case _:
            return "completed"


def name_of(ref: str) -> str:
    """`sleep` for `2/sleep#1`."""
    return ref.rpartition("/")[2].partition("#")[0]
