"""What the library knows of one run of an agent within a workflow, while it goes on."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from pydantic_ai.messages import AgentStreamEvent, CapabilityEvent, CustomEvent


@dataclass
class Turn:
    """One `agent.run(...)` of a workflow. Within `with turn:` something of it is under way.

    Events that arise in the workflow wait here for the next step of the turn, which writes them to the stream before
    it does its work: only steps can write, and a step for each event would be a row for each event.
    """

    waiting: list[AgentStreamEvent] = field(default_factory=list[AgentStreamEvent])
    under_way: int = 0
    """How many of its steps, and of its tools that run in the workflow, are under way."""

    def __enter__(self) -> None:
        self.under_way += 1

    def __exit__(self, *_error: object) -> None:
        self.under_way -= 1

    def take(self) -> list[AgentStreamEvent]:
        """The events that wait, to be written by the step that takes them."""
        taken, self.waiting = self.waiting, []
        return taken

    def must_write(self) -> bool:
        """Whether what waits is worth a step of its own. Events that tools emit within their steps are not: at
        a replay they are not there, and the steps asked for must be the same."""
        return any(not isinstance(event, CustomEvent | CapabilityEvent) for event in self.waiting)


@contextmanager
def turn_scope() -> Generator[Turn]:
    """A turn that is the current one of the code inside, and of the tasks that it starts."""
    turn = Turn()
    token = TURN.set(turn)
    try:
        yield turn
    finally:
        TURN.reset(token)


def current_turn() -> Turn:
    """The turn that the code belongs to. Code that belongs to none gets one that nobody else sees."""
    return TURN.get() or Turn()


def enter_unit() -> None:
    """Say that the code is the step of an operation. Its attempt has a context of its own, so there is no way out."""
    _IN_UNIT.set(True)


def in_unit() -> bool:
    """Whether the code is in the step of an operation."""
    return _IN_UNIT.get()


_IN_UNIT: Final[ContextVar[bool]] = ContextVar("outlast_agents_unit", default=False)
TURN: Final[ContextVar[Turn | None]] = ContextVar("outlast_agents_turn", default=None)
"""The turn that the code belongs to. No step belongs to one: its attempts have a context of their own."""
