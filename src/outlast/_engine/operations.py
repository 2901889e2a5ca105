"""What the code waits for: commands by id, each until an event answers it or the code takes it back."""

from collections.abc import Iterator
from typing import TypeAlias, TypeVar

from outlast._engine import divergence
from outlast._engine.commands import Asked, CancelStep, RunStep, StartChild, StartWait
from outlast._engine.loop import WorkflowTimer
from outlast._engine.tasks import Operation
from outlast._model.events import Logged

C = TypeVar("C", bound=Asked)
Waiter: TypeAlias = Operation | WorkflowTimer


class Operations:
    """The operations of one execution, pending ones in the order in which they were asked."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._pending: dict[str, Waiter] = {}
        self._settled: dict[str, None] = {}
        """A dict as the garbage collector, unlike at a set, need not look at one that has only texts."""
        self.withdrawn: dict[str, CancelStep] = {}
        """Steps for other workers that the code has taken back. That they were taken out of the queue
        is no event, so it is asked for until an outcome comes or the code ends."""
        self.ended = ""
        """How the code has ended, for people, once it has."""
        self.lenient = False
        """Whether the code was given something that no log has, and that may be another thing at each replay. What it
        hands to steps and children tells nothing then: only their ids and names are compared."""

    def add(self, waiter: Waiter) -> None:
        """The code asks."""
        self._pending[waiter.command.ref] = waiter

    def settle(self, ref: str) -> Waiter | None:
        """The command is answered or taken back: later answers are inert. `None` if it was already."""
        waiter = self._pending.pop(ref, None)
        if waiter is not None:
            self._settled[ref] = None
        return waiter

    def asked(
        self, logged: Logged, ref: str, kind: type[C], name: str | None, digest: str | None
    ) -> Operation | None:
        """The pending operation that an event is about; `None` if the event is inert.

        Raises `NonDeterminismError` if the code has not asked for it, or otherwise.
        """
        waiter = self._pending.get(ref)
        if waiter is None and ref in self._settled:
            return None
        if (
            not isinstance(waiter, Operation)
            or not isinstance(waiter.command, kind)
            or not divergence.fits(waiter.command, name, None if self.lenient else digest)
        ):
            raise divergence.found(self._run_id, logged, self.commands(), self.ended)
        return waiter

    def answered(
        self, logged: Logged, ref: str, kind: type[C], name: str | None, digest: str | None
    ) -> Operation | None:
        """The same, and the operation is settled."""
        operation = self.asked(logged, ref, kind, name, digest)
        if operation is not None:
            self.settle(ref)
        else:
            self.withdrawn.pop(ref, None)
        return operation

    def timer(self, ref: str) -> WorkflowTimer | None:
        """The timer of asyncio's that waits under this id, now settled."""
        waiter = self._pending.get(ref)
        if not isinstance(waiter, WorkflowTimer):
            return None
        self.settle(ref)
        return waiter

    def sleeps(self) -> Iterator[Waiter]:
        """The sleeps, each settled as it is given."""
        for ref, waiter in list(self._pending.items()):
            if isinstance(waiter.command, StartWait) and waiter.command.wakeable:
                self.settle(ref)
                yield waiter

    def commands(self) -> list[Asked]:
        """The commands that are pending."""
        return [waiter.command for waiter in self._pending.values()]

    def is_pending(self, ref: str) -> bool:
        """Whether the code still waits for the answer to a command."""
        return ref in self._pending

    @property
    def awaits_others(self) -> bool:
        """Whether a child's end, or a step that another worker makes, is among them."""
        return any(_is_elsewhere(waiter.command) for waiter in self._pending.values())

    def clear(self, ended: str = "") -> None:
        """The code has ended: it waits for nothing, and later answers are inert."""
        self.ended = ended
        self._settled.update(dict.fromkeys(self._pending))
        self._pending.clear()
        self.withdrawn.clear()


def _is_elsewhere(command: Asked) -> bool:
    if isinstance(command, RunStep):
        return command.definition.queue is not None
    return isinstance(command, StartChild)
