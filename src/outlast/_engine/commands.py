"""What the workflow's code asks for: one closed union of commands, each with its structural id."""

from typing import TypeAlias

import msgspec

from outlast._clock import Micros
from outlast._model.runs import Attributes
from outlast._registry.definitions import StepDefinition


class _Command(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all commands have in common."""

    ref: str
    """The structural id: the path of tasks, the name, its ordinal in the task: `2/search#3`."""
    line: str | None
    """Where the code asks: `flow.py:17`."""


class RunStep(_Command, frozen=True, kw_only=True):
    """Make an attempt of a step, not before `not_before`."""

    definition: StepDefinition
    input: bytes
    digest: str
    attempt: int = 1
    not_before: Micros = 0


class StartWait(_Command, frozen=True, kw_only=True):
    """Complete a wait when its deadline has come."""

    deadline: Micros
    started_at: Micros
    wakeable: bool
    """Whether it is a sleep, which `wake` ends early, and not a timeout."""


class ChildRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The child run that the code wants. What is `None` is the parent's, or derived."""

    workflow: str
    input: bytes
    digest: str
    detached: bool = False
    """Whether the parent goes on as soon as the child exists, and neither hears of its end nor
    cancels it."""
    run_id: str | None = None
    attributes: Attributes = {}
    queue: str | None = None
    priority: int | None = None
    delay: Micros = 0
    idempotency_key: str | None = None
    version: str | None = None


class StartChild(_Command, frozen=True, kw_only=True):
    """Start a child run; and tell its end, unless it is detached."""

    run_id: str
    request: ChildRequest


class SetAttributes(_Command, frozen=True, kw_only=True):
    """Merge attributes into the run's."""

    attributes: Attributes


class OpenHook(_Command, frozen=True, kw_only=True):
    """Give a token to a hook, so that the outside can hand in payloads."""

    token: str
    chosen: bool
    """Whether the code has chosen the token."""
    kind: str = "hook"
    expires_at: Micros | None = None
    data: bytes = b"{}"
    """What those who deliver want to know of it, UTF-8 JSON."""
    base: str = ""
    """What the URL of a webhook begins with."""


class KeepHook(_Command, frozen=True, kw_only=True):
    """The hook is open. Tell when its time has come, if it has one."""

    expires_at: Micros | None
    awaited: bool
    """Whether the code waits for a payload."""


class DisposeHook(_Command, frozen=True, kw_only=True):
    """The code does not want the hook any more: free its token."""


class CancelStep(_Command, frozen=True, kw_only=True):
    """Nobody waits for the step any more: stop its attempt."""

    dispatched: bool = False
    """Whether it is for the workers of a queue."""


class CancelWait(_Command, frozen=True, kw_only=True):
    """Nobody waits for the time any more."""


class CancelChild(_Command, frozen=True, kw_only=True):
    """Nobody waits for the child any more: cancel it."""

    run_id: str


Asked: TypeAlias = RunStep | StartWait | StartChild | SetAttributes | OpenHook
"""The commands that an event answers."""

Command: TypeAlias = Asked | CancelStep | CancelWait | CancelChild | KeepHook | DisposeHook
