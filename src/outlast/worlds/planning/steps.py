"""Planning what becomes of dispatched steps."""

from collections.abc import Iterable
from typing import assert_never

from outlast._clock import Micros
from outlast.world import Again, Begun, Dispatch, Done, Settle, StepKey
from outlast.worlds.planning.records import NewStep, Requeue, StepState


class StepPlanner:
    """The queue of steps as it will be. A step that is put in within the batch is held by nobody, so it
    cannot be settled in it: only what was known before needs to be looked at for that."""

    def __init__(self, known: dict[StepKey, StepState], at: Micros) -> None:
        self._known = known
        self._at = at
        self.emptied: dict[str, None] = {}
        self.removed: dict[StepKey, int | None] = {}
        self.requeued: dict[StepKey, Requeue] = {}
        self.dispatched: dict[StepKey, NewStep] = {}

    def dispatch(self, run_id: str, dispatches: Iterable[Dispatch]) -> None:
        """Put steps into the queue."""
        for one in dispatches:
            step = NewStep(
                name=one.name,
                queue=one.queue,
                priority=one.priority,
                attempt=one.attempt,
                due_at=self._at + max(one.delay, 0),
                data=one.data,
            )
            self.dispatched.setdefault(StepKey(run_id, one.ref), step)

    def withdraw(self, run_id: str, refs: Iterable[str]) -> None:
        """Take steps out of the queue."""
        for ref in refs:
            key = StepKey(run_id, ref)
            self._known.pop(key, None)
            self.dispatched.pop(key, None)
            self.removed[key] = None

    def empty(self, run_id: str) -> None:
        """Take all steps of a run, which has ended, out of the queue."""
        self.emptied[run_id] = None
        if self.dispatched:
            for key in [key for key in self.dispatched if key.run_id == run_id]:
                del self.dispatched[key]

    def settle(self, settle: Settle) -> bool:
        """Carry out what becomes of a step. False if that is not for this worker to say."""
        key, then = StepKey(settle.run_id, settle.ref), settle.then
        state = None if key.run_id in self.emptied else self._known.get(key)
        if state is None or state.epoch != settle.epoch or not state.held:
            return False
        match then:
            case Begun():
                pass
            case Again():
                state.held = False
                due_at = self._at + max(then.delay, 0)
                self.requeued[key] = Requeue(
                    epoch=settle.epoch, attempt=then.attempt, due_at=due_at
                )
            case Done():
                del self._known[key]
                self.removed[key] = settle.epoch
                # Dispatched again earlier in the batch, when it was there and that changed nothing.
                self.dispatched.pop(key, None)
            case _:
                assert_never(then)
        return True
