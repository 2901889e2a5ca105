"""What the log of a run tells, as entries on a timeline. Pure: from events to records."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from outlast._api.inspection import error_text
from outlast.cli.timeline_entries import (
    OPEN,
    Ending,
    Entry,
    child_entry,
    closed,
    ending_of,
    given_up,
    hook_entry,
    name_of,
    note,
    pending_entry,
    remark,
    state_after,
    step_entry,
    wait_entry,
    waiting_of,
    woken_entry,
)
from outlast.records import EventRecord, RunInfo


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
        beside = () if self.ending else self._waits_beside()
        for waiting in (*info.waiting, *map(waiting_of, beside)):
            known.setdefault(waiting.id, pending_entry(waiting, since))
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
                self._put(step_entry(event, self._entries.get(data["id"]), worker))
                self._beside.pop(data["id"], None)
                if "waits" in data:
                    self._beside[data["id"]] = data["waits"]
            case "wait_completed":
                self._put(wait_entry(at, data))
            case "child_started":
                self._put(child_entry(at, data))
            case "child_completed" | "child_failed" | "child_cancelled":
                self._end_child(event)
            case "attributes_set" | "cancel_requested":
                self._put(note(event))
            case "wake_requested":
                self._put(note(event))
                self._end_sleeps(at, data)
            case "hook_opened" | "hook_conflicted":
                self._put(hook_entry(event))
            case "hook_received" | "hook_expired" | "hook_disposed":
                self._change_hook(event)
            case "run_completed" | "run_failed" | "run_cancelled":
                self.ending = ending_of(event)
                self._end_open(at)
            case _:
                self._put(remark(event, event.kind.replace("_", " ")))

    def _put(self, entry: Entry) -> None:
        self._entries[entry.id] = entry

    def _waits_beside(self) -> Iterator[Mapping[str, Any]]:
        """Those that no event has ended yet."""
        for waits in self._beside.values():
            yield from (one for one in waits if one["ref"] not in self._entries)

    def _end_sleeps(self, at: datetime, data: Mapping[str, Any]) -> None:
        """A woken sleep has no event of its own. The wake tells which ones the run was suspended in, and
        a step that is under way those that were beside it."""
        beside = [one for one in self._waits_beside() if name_of(one["ref"]) == "sleep"]
        for waiting in (*data.get("waits", ()), *beside):
            if waiting["ref"] not in self._entries:
                self._put(woken_entry(at, waiting))

    def _end_child(self, event: EventRecord) -> None:
        child = self._entries.get(event.data["id"])
        if child is not None:
            error = error_text(event.data["error"]) if "error" in event.data else None
            state = state_after(event.kind)
            self._put(replace(child, state=state, ended_at=event.at, error=error))

    def _change_hook(self, event: EventRecord) -> None:
        hook = self._entries.get(event.data.get("id", ""))
        if hook is None:
            # It came with the start of the run; or the hook was disposed of before it was open.
            if event.kind == "hook_received":
                self._put(remark(event, f"payload for {event.data['token']}"))
        elif event.kind == "hook_received":
            received = hook.received + 1
            self._put(replace(hook, received=received, ended_at=event.at))
        elif event.kind == "hook_expired":
            self._put(replace(hook, state="cancelled", ended_at=event.at, remark="expired"))
        else:
            self._put(closed(hook, event.at))

    def _end_open(self, at: datetime) -> None:
        """The run is over: nothing comes any more of its hooks, and of steps that were under way."""
        for entry in self.entries:
            if entry.kind == "hook" and entry.state == "waiting":
                self._put(closed(entry, at))
            elif entry.kind == "step" and entry.state in OPEN:
                self._put(given_up(entry, at))
