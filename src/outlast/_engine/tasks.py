"""Tasks and futures of a workflow: asyncio's own, with structural paths and deterministic hashes.

`asyncio.wait` and `TaskGroup` keep tasks in sets, and sets iterate by hash, which by default is an
address. A hash made of the run and the creation number makes them iterate the same way everywhere.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any, Protocol

from outlast._engine.commands import Asked


class WorkflowTask(asyncio.Task[Any]):
    """A task that knows its path from the root and counts what is asked for in it."""

    __slots__ = ("forks", "number", "ordinals", "own_context", "path", "prefix")

    def __init__(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        loop: asyncio.AbstractEventLoop,
        number: int,
        path: str,
        name: str | None = None,
        context: Context | None = None,
    ) -> None:
        # Before asyncio's own: it puts the task into a set.
        self.number = number
        self.path = path
        self.prefix = f"{path}/" if path else ""
        self.ordinals: dict[str, int] = {}
        self.forks = 0
        self.own_context = copy_context() if context is None else context
        super().__init__(coro, loop=loop, name=name or path or "main", context=self.own_context)

    def __hash__(self) -> int:
        return self.number

    def next_ref(self, name: str) -> str:
        """The id of the next thing of this name that is asked for in this task."""
        ordinal = self.ordinals[name] = self.ordinals.get(name, 0) + 1
        return f"{self.prefix}{name}#{ordinal}"

    def next_path(self) -> str:
        """The path of the next task made in this task."""
        self.forks += 1
        return f"{self.path}.{self.forks}" if self.path else str(self.forks)


class WorkflowFuture(asyncio.Future[Any]):
    """A future with a deterministic hash."""

    __slots__ = ("number",)

    number: int
    """Its creation number, which whoever makes it sets: an `__init__` would cost each step a call."""

    def __hash__(self) -> int:
        return self.number


class Asker(Protocol):
    """Who has asked for what operations answer."""

    def take_back(self, operation: "Operation") -> None:
        """The code does not want the answer any more."""
        ...


class Operation(WorkflowFuture):
    """The answer to a command. Cancelling it takes the command back."""

    __slots__ = ("_asker", "command")

    def __init__(
        self,
        command: Asked,
        *,
        loop: asyncio.AbstractEventLoop,
        number: int,
        asker: Asker,
    ) -> None:
        self.command = command
        self.number = number
        self._asker = asker
        super().__init__(loop=loop)

    def cancel(self, msg: Any = None) -> bool:
        """Cancel the future and take the command back."""
        if not super().cancel(msg):
            return False
        self._asker.take_back(self)
        return True
