"""The hooks of one execution: where the outside hands payloads to the code."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, assert_never

from outlast._engine import divergence
from outlast._engine.commands import Command, DisposeHook, KeepHook, OpenHook
from outlast._engine.loop import WorkflowLoop
from outlast._engine.requests import Requests
from outlast._ids import hook_token
from outlast._model.events import (
    HookConflicted,
    HookDisposed,
    HookExpired,
    HookOpened,
    HookReceived,
    Logged,
    Payload,
)
from outlast.errors import HookConflictError, HookExpiredError, NotAllowedHereError

HookEvent: TypeAlias = HookOpened | HookConflicted | HookReceived | HookExpired | HookDisposed


class HookState:
    """A hook as the code sees it. What it has received waits here while nobody asks for it."""

    def __init__(self, command: OpenHook, loop: WorkflowLoop) -> None:
        self.command = command
        self.open = False
        """Whether it has its token, and is recorded."""
        self.owner: str | None = None
        """The run that has the token instead."""
        self.expired = self.disposed = False
        self._payloads: deque[Payload] = deque()
        self._waiters: list[asyncio.Future[None]] = []
        self._loop = loop

    async def receive(self) -> Payload | None:
        """The next payload; `None` once the code has disposed of the hook.

        Raises `HookConflictError` or `HookExpiredError` where there will be none. Who is cancelled while
        waiting takes nothing.
        """
        while not self._payloads:
            if self.owner is not None:
                raise HookConflictError(self.command.token, self.owner)
            if self.disposed:
                return None
            if self.expired:
                raise HookExpiredError(self.command.ref)
            await self._change()
        return self._payloads.popleft()

    async def decision(self) -> str | None:
        """Wait until the hook is recorded, and give `None`; or the run that has its token."""
        while not (self.open or self.owner or self.disposed):
            await self._change()
        return self.owner

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self._waiters)

    def put(self, *payloads: Payload) -> None:
        """Payloads have come."""
        self._payloads.extend(payloads)
        self.changed()

    def drop(self) -> None:
        """Nobody wants what has come."""
        self._payloads.clear()
        self.changed()

    def changed(self) -> None:
        """Let all who wait look again, in the order in which they came."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _change(self) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)


class Hooks:
    """All hooks that the code has asked for."""

    def __init__(self, requests: Requests) -> None:
        self.secret = ""
        """What tokens are derived from."""
        self.find_base: Callable[[], str] = str
        """Tells what the URLs of webhooks begin with, as far as this process knows."""
        self._bases: dict[str, str] = {}
        """The same as it was when the code asked first, by the ids of hooks."""
        self._recorded: dict[str, None] = {}
        """The ids of those hooks whose base is in the log that is replayed."""
        self._told_late = False
        """Whether the code was told a base that no log will ever have, as nobody knew it when the hook was opened."""
        self._requests = requests
        self._states: dict[str, HookState] = {}
        """Those for which something may come, and those that are not decided yet."""
        self._early: dict[str, list[Payload]] = {}
        """What came with the start of the run for tokens that no hook has yet."""
        self._disposing: dict[str, DisposeHook] = {}
        self._ended = False

    # For the primitives

    def ask(self, command: OpenHook) -> HookState:
        """A hook, to be opened."""
        self._requests.open_hook(command)
        state = self._states[command.ref] = HookState(command, self._requests.loop)
        return state

    def next_ref(self, kind: str) -> str:
        """The id of the hook that the code asks for next."""
        return self._requests.loop.next_ref(kind)

    def token(self, ref: str, what: str) -> str:
        """A token of its own for a hook. Raises `NotAllowedHereError` if the run has no secret."""
        if not self.secret:
            raise NotAllowedHereError(
                f"{what} without a token",
                "in a run that an older version of the library has started",
                "Give it a token: hook(token=...).",
            )
        return hook_token(self.secret, ref)

    def base(self, ref: str) -> str:
        """What the URL of a webhook begins with: as this process knows it, if it is asked for for the first time.
        Empty if nobody knew."""
        return self._bases.setdefault(ref, self.find_base())

    def told_base(self, ref: str) -> str:
        """The same, now that the code is told: from now on it stays what it is. Where no log has it, another process
        may tell another one, and the run must go on there: see `Operations.lenient`."""
        before = self._bases.get(ref)
        base = self._bases[ref] = before or self.find_base()
        if base and ref not in self._recorded:
            self._requests.operations.lenient = True
        self._told_late = self._told_late or bool(base and not before)
        return base

    def dispose(self, state: HookState) -> None:
        """The code does not want a hook any more. Idempotent."""
        command = state.command
        if state.disposed or self._requests.closed:
            return
        state.disposed = True
        state.drop()
        pending = self._requests.operations.settle(command.ref) is not None
        if pending or (state.open and not state.expired):
            dispose = DisposeHook(ref=command.ref, line=command.line)
            self._disposing[command.ref] = dispose
            self._requests.add_command(dispose)

    # For whoever drives the execution

    def foresee(self, events: Iterable[HookOpened]) -> None:
        """These will be fed. The code is given the URL of a webhook before it is fed that the webhook is open, and
        at a replay it must be that which was told to others then, also if it has changed."""
        for event in events:
            self._bases[event.id] = event.base
            if event.base:
                self._recorded[event.id] = None

    def share(self, other: "Hooks") -> None:
        """The other one replays what this one was fed."""
        other._bases, other._recorded = self._bases, dict.fromkeys(self._bases)
        other._requests.operations.lenient = self._told_late

    def outstanding(self) -> Iterator[Command]:
        """What is open, and what has been disposed of and not recorded yet."""
        yield from self._disposing.values()
        for state in self._states.values():
            if _is_live(state) and not self._ended:
                yield _keep(state)

    @property
    def any_live(self) -> bool:
        """Whether a payload may come."""
        return not self._ended and any(_is_live(state) for state in self._states.values())

    def clear(self) -> None:
        """The code has ended: it wants nothing any more, and later events are inert."""
        self._ended = True
        self._disposing.clear()
        self._early.clear()

    def deliver(self, logged: Logged, event: HookEvent) -> None:
        """Take an event about a hook. Raises `NonDeterminismError` for a hook that the code has not asked
        for, or has asked for otherwise."""
        match event:
            case HookOpened():
                self._opened(logged, event)
            case HookConflicted():
                self._conflicted(logged, event)
            case HookReceived():
                self._received(logged, event)
            case HookExpired():
                self._expired(logged, event)
            case HookDisposed():
                self._disposed(logged, event)
            case unknown:
                assert_never(unknown)

    # Delivering events

    def _opened(self, logged: Logged, event: HookOpened) -> None:
        """A hook has its token."""
        answered = self._requests.operations.answered
        if answered(logged, event.id, OpenHook, event.token or None, None):
            state = self._states[event.id]
            state.open = True
            state.put(*self._early.pop(state.command.token, ()))
            if state.command.expires_at is not None:
                self._requests.add_command(_keep(state))

    def _conflicted(self, logged: Logged, event: HookConflicted) -> None:
        """Another hook has the token."""
        if self._requests.operations.answered(logged, event.id, OpenHook, event.token, None):
            state = self._states.pop(event.id)
            state.owner = event.owner
            state.changed()

    def _received(self, logged: Logged, event: HookReceived) -> None:
        """A payload has come."""
        if self._ended:
            return
        if not event.id:
            live = [state for state in self._states.values() if _has_token(state, event.token)]
            if live:
                live[-1].put(event.payload)
            else:
                self._early.setdefault(event.token, []).append(event.payload)
        elif _is_live(state := self._known(logged, event.id)):
            state.put(event.payload)

    def _expired(self, logged: Logged, event: HookExpired) -> None:
        """The time of a hook has come."""
        self._requests.time = max(self._requests.time, event.deadline)
        if not self._ended:
            state = self._known(logged, event.id)
            state.expired = True
            state.changed()

    def _disposed(self, logged: Logged, event: HookDisposed) -> None:
        """It is recorded that a hook has gone: nothing comes for it any more."""
        self._states.pop(event.id, None)
        if self._disposing.pop(event.id, None) is None and not self._ended:
            raise divergence.found(
                self._requests.run_id, logged, self._requests.operations.commands()
            )

    def _known(self, logged: Logged, ref: str) -> HookState:
        state = self._states.get(ref)
        if state is None:
            operations = self._requests.operations
            raise divergence.found(self._requests.run_id, logged, operations.commands())
        return state


def _is_live(state: HookState) -> bool:
    return state.open and not state.expired and not state.disposed


def _has_token(state: HookState, token: str) -> bool:
    return _is_live(state) and state.command.token == token


def _keep(state: HookState) -> KeepHook:
    command = state.command
    return KeepHook(
        ref=command.ref,
        line=command.line,
        expires_at=command.expires_at,
        awaited=state.awaited,
    )
