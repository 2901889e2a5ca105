"""The hooks of a live run: opening them, and holding back what may tell of them before they are open."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol, assert_never

from outlast._clock import Micros
from outlast._codec import decode_event, encode_event
from outlast._engine.commands import DisposeHook, KeepHook, OpenHook, RunStep
from outlast._engine.execution import Execution
from outlast._model.events import Event, HookConflicted, HookDisposed, HookExpired, HookOpened
from outlast._runtime.agenda import Agenda
from outlast._runtime.outbox import Beside, Opening, Outbox
from outlast.errors import DecodeError
from outlast.world import Advanced, HookDraft, StoredEvent


def openings(log: Iterable[StoredEvent]) -> Iterator[HookOpened]:
    """The openings of hooks that a log has. What cannot be read is told where it is fed."""
    for stored in log:
        if stored.kind == "hook_opened":
            with suppress(DecodeError):
                event = decode_event(stored).event
                if isinstance(event, HookOpened):
                    yield event


class LiveRun(Protocol):
    """The run whose hooks these are."""

    execution: Execution

    def write(self, event: Event) -> None:
        """Put an event into the log with the next batch."""
        ...


class HooksOfRun:
    """Opens the hooks of a run, lets them expire, and frees their tokens. A step that was asked for after one
    of them may be about to tell its token to somebody, so it begins once the hook can be found."""

    def __init__(self, run: LiveRun, outbox: Outbox, agenda: Agenda) -> None:
        self._run, self._outbox, self._agenda = run, outbox, agenda
        self._undecided: set[str] = set()
        self._held: dict[str, RunStep] = {}

    def tend(self, command: OpenHook | KeepHook | DisposeHook) -> None:
        """Do what the code asks for with the next batch."""
        match command:
            case OpenHook():
                self._open(command)
            case KeepHook():
                self._agenda.add_hook(command)
            case DisposeHook():
                self._agenda.remove(command.ref)
                self._run.write(HookDisposed(id=command.ref))
            case unknown:
                assert_never(unknown)

    def expire(self, now: Micros) -> None:
        """Close the hooks whose time has come."""
        for ref, deadline in self._agenda.take_expired(now):
            self._run.write(HookExpired(id=ref, deadline=deadline))

    def holds(self, command: RunStep) -> bool:
        """Whether the step has to wait, and is kept until `release` gives it."""
        if not self._waits():
            return False
        self._held[command.ref] = command
        return True

    def forget(self, ref: str) -> None:
        """The step is not wanted any more."""
        self._held.pop(ref, None)

    def release(self) -> Sequence[RunStep]:
        """The steps that need not wait any more."""
        if not self._held or self._waits():
            return ()
        held, self._held = self._held, {}
        return list(held.values())

    def answered(self, changes: Beside, answer: Advanced) -> None:
        """The hooks were opened, and that was fed; or they could not be. Those that were not tried, since
        something had been missed, go again if they are still wanted."""
        owners = dict(answer.conflicts)
        for ref, opening in changes.opens.items():
            if not self._is_undecided(ref):
                continue
            if (owner := owners.get(ref)) is None:
                self._outbox.open(opening)
            else:
                token, line = opening.draft.token, opening.event.line
                self._run.write(HookConflicted(id=ref, token=token, owner=owner, line=line))

    def _open(self, command: OpenHook) -> None:
        self._undecided.add(command.ref)
        event = HookOpened(
            id=command.ref,
            token=command.token if command.chosen else "",
            expires_at=command.expires_at,
            line=command.line,
            base=command.base,
        )
        draft = HookDraft(
            ref=command.ref,
            token=command.token,
            event=encode_event(event),
            kind=command.kind,
            expires_at=command.expires_at,
            data=command.data,
        )
        self._outbox.open(Opening(draft, event))

    def _waits(self) -> bool:
        if not self._undecided:  # as nearly always: this is asked for each step
            return False
        self._undecided = {ref for ref in self._undecided if self._is_undecided(ref)}
        return bool(self._undecided)

    def _is_undecided(self, ref: str) -> bool:
        return self._run.execution.requests.operations.is_pending(ref)
