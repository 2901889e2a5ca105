"""What the log of a run tells, as entries on a timeline. Pure: from events to records."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from outlast._api.inspection import ErrorText, error_text
from outlast.cli.times import moment
from outlast.records import EventRecord, RunInfo, Waiting

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


class Timeline:
    """Reads a log, event by event."""

    def __init__(self, events: Iterable[EventRecord] = ()) -> None:
        self.created_at: datetime | None = None
        self.input: Any = None
        """The JSON of the arguments: `{"args": [...], "kwargs": {...}}`."""
        self.ending: Ending | None = None
        self._owner = ""
        """The worker that has the run, by the last attempt that told."""
        self.position = 0
        """The position of the next event."""
        self._entries: dict[str, Entry] = {}
        self._beside: dict[str, list[Mapping[str, Any]]] = {}
        """The sleeps and timeouts beside each step that is under way, as it told."""
        for event in events:
            self.add(event)

    @property
    def entries(self) -> list[Entry]:
        """In the order in which they began."""
        return sorted(self._entries.values(), key=lambda entry: entry.started_at)

    def entry(self, ref: str) -> Entry | None:
        """The entry of a step, wait or child by its id."""
        return self._entries.get(ref)

    def pending(self, info: RunInfo, since: datetime) -> list[Entry]:
        """The entries, and what the run waits for by its row or beside a step, but not yet by an event.

        `since` is when such waits are taken to have begun of which nothing tells.
        """
        known = dict(self._entries)
        told = [] if self.ending else map(_waiting, self._waits_beside())
        for waiting in (*info.waiting, *told):
            known.setdefault(waiting.id, _pending(waiting, since))
        return sorted(known.values(), key=lambda entry: entry.started_at)

    def add(self, event: EventRecord) -> None:  # noqa: C901 - one arm for each kind of entry
        """Read the next event."""
        self.position = event.position + 1
        at, data = event.at, event.data
        match event.kind:
            case "run_created":
                self.created_at, self.input = at, data.get("input")
            case "step_started" | "step_retried" | "step_completed" | "step_failed":
                self._owner = data.get("owner") or self._owner
                worker = data.get("worker") or self._owner
                self._put(_step(event, self._entries.get(data["id"]), worker))
                self._beside.pop(data["id"], None)
                if "waits" in data:
                    self._beside[data["id"]] = data["waits"]
            case "wait_completed":
                self._put(_wait(at, data))
            case "child_started":
                self._put(_child(at, data))
            case "child_completed" | "child_failed" | "child_cancelled":
                self._end_child(event)
            case "attributes_set" | "cancel_requested":
                self._put(_note(event))
            case "wake_requested":
                self._put(_note(event))
                self._end_sleeps(at, data)
            case "hook_opened" | "hook_conflicted":
                self._put(_hook(event))
            case "hook_received" | "hook_expired" | "hook_disposed":
                self._change_hook(event)
            case "run_completed" | "run_failed" | "run_cancelled":
                self.ending = _ending(event)
                self._end_open(at)
            case _:
                self._put(_remark(event, event.kind.replace("_", " ")))

    def _put(self, entry: Entry) -> None:
        self._entries[entry.id] = entry

    def _waits_beside(self) -> Iterator[Mapping[str, Any]]:
        """Those that no event has ended yet."""
        for waits in self._beside.values():
            yield from (one for one in waits if one["ref"] not in self._entries)

    def _end_sleeps(self, at: datetime, data: Mapping[str, Any]) -> None:
        """A woken sleep has no event of its own. The wake tells which ones the run was suspended in, and
        a step that is under way those that were beside it."""
        beside = [one for one in self._waits_beside() if _name(one["ref"]) == "sleep"]
        for waiting in (*data.get("waits", ()), *beside):
            if waiting["ref"] not in self._entries:
                self._put(_woken(at, waiting))

    def _end_child(self, event: EventRecord) -> None:
        child = self._entries.get(event.data["id"])
        if child is not None:
            error = error_text(event.data["error"]) if "error" in event.data else None
            state = _over(event.kind)
            self._put(msgspec.structs.replace(child, state=state, ended_at=event.at, error=error))

    def _change_hook(self, event: EventRecord) -> None:
        hook = self._entries.get(event.data.get("id", ""))
        if hook is None:
            # It came with the start of the run; or the hook was disposed of before it was open.
            if event.kind == "hook_received":
                self._put(_remark(event, f"payload for {event.data['token']}"))
        elif event.kind == "hook_received":
            received = hook.received + 1
            self._put(replace(hook, received=received, ended_at=event.at))
        elif event.kind == "hook_expired":
            self._put(replace(hook, state="cancelled", ended_at=event.at, remark="expired"))
        else:
            self._put(_closed(hook, event.at))

    def _end_open(self, at: datetime) -> None:
        """The run is over: nothing comes any more of its hooks, and of steps that were under way."""
        for entry in self.entries:
            if entry.kind == "hook" and entry.state == "waiting":
                self._put(_closed(entry, at))
            elif entry.kind == "step" and entry.state in OPEN:
                self._put(_given_up(entry, at))


def _step(event: EventRecord, known: Entry | None, worker: str) -> Entry:
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
            kept.append(msgspec.structs.replace(one, lost=True))
    return tuple(kept)


def _wait(at: datetime, data: Mapping[str, Any]) -> Entry:
    until = moment(data["deadline"])
    began = moment(data["started_at"]) if "started_at" in data else at
    return Entry(
        kind="wait",
        id=data["id"],
        name=_name(data["id"]),
        state="completed",
        started_at=began,
        ended_at=at,
        until=until,
        line=data.get("line"),
    )


def _woken(at: datetime, waiting: Mapping[str, Any]) -> Entry:
    pending = _pending(_waiting(waiting), since=at)
    return replace(pending, state="completed", ended_at=at, woken=True)


def _child(at: datetime, data: Mapping[str, Any]) -> Entry:
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


def _hook(event: EventRecord) -> Entry:
    data, lost = event.data, event.kind == "hook_conflicted"
    expires = data.get("expires_at")
    return Entry(
        kind="hook",
        id=data["id"],
        name=_name(data["id"]),
        state="failed" if lost else "waiting",
        started_at=event.at,
        ended_at=event.at if lost else None,
        until=None if expires is None else moment(expires),
        line=data.get("line"),
        remark=f"the token {data['token']} is that of {data['owner']}" if lost else "",
    )


def _given_up(step: Entry, at: datetime) -> Entry:
    """The step, which was cancelled, or which nobody awaited."""
    ended = tuple(
        one if one.lost else msgspec.structs.replace(one, ended_at=one.ended_at or at)
        for one in step.attempts
    )
    return msgspec.structs.replace(step, state="cancelled", ended_at=at, until=None, attempts=ended)


def _closed(hook: Entry, at: datetime) -> Entry:
    """The hook, after which nothing comes any more."""
    state: State = "completed" if hook.received else "cancelled"
    return replace(hook, state=state, ended_at=hook.ended_at or at)


def _note(event: EventRecord) -> Entry:
    match event.kind:
        case "attributes_set":
            pairs = event.data["attributes"].items()
            return _remark(event, "attributes " + " ".join(f"{k}={v}" for k, v in pairs))
        case "cancel_requested":
            reason = event.data.get("reason")
            return _remark(event, f"cancel asked for: {reason}" if reason else "cancel asked for")
        case _:
            return _remark(event, "woken: its sleeps end")


def _remark(event: EventRecord, text: str) -> Entry:
    return Entry(
        kind="note",
        id=f"@{event.position}",
        name=text,
        state="completed",
        started_at=event.at,
        ended_at=event.at,
        line=event.data.get("line"),
    )


def _waiting(told: Mapping[str, Any]) -> Waiting:
    """What an event tells of a wait, as a row does."""
    since, until = told.get("since"), told.get("until")
    return Waiting(
        kind=told["kind"],
        id=told["ref"],
        until=None if until is None else moment(until),
        line=told.get("line"),
        since=None if since is None else moment(since),
    )


def _pending(waiting: Waiting, since: datetime) -> Entry:
    kinds: dict[str, Kind] = {"step": "step", "child": "child", "hook": "hook"}
    return Entry(
        kind=kinds.get(waiting.kind, "wait"),
        id=waiting.id,
        name=waiting.on if waiting.kind == "step" and waiting.on else _name(waiting.id),
        # A step that the row tells of and the log does not is in a queue: no worker has begun it.
        state="queued" if waiting.kind == "step" else "waiting",
        started_at=waiting.since or since,
        until=waiting.until,
        child=waiting.on if waiting.kind == "child" else None,
        line=waiting.line,
    )


def _ending(event: EventRecord) -> Ending:
    return Ending(
        state=_over(event.kind),
        at=event.at,
        result=event.data.get("result"),
        error=error_text(event.data["error"]) if "error" in event.data else None,
        reason=event.data.get("reason"),
    )


def _over(kind: str) -> State:
    match kind.rpartition("_")[2]:
        case "failed":
            return "failed"
        case "cancelled":
            return "cancelled"
        case _:
            return "completed"


def _name(ref: str) -> str:
    """`sleep` for `2/sleep#1`."""
    return ref.rpartition("/")[2].partition("#")[0]
