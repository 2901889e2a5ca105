"""Taking dispatched steps, in memory."""

from collections.abc import Iterator

from msgspec.structs import replace

from outlast._clock import Clock, Micros
from outlast.world import Claim, ClaimedStep, StepKey, StepRequest
from outlast.worlds.memory.tables import QueuedStep, Tables


class MemorySteps:
    """The queue of dispatched steps."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    async def claim(self, request: StepRequest) -> tuple[ClaimedStep, ...]:
        """Take due steps."""
        self._tables.check_open()
        now = self._clock.now()
        due = [
            step for step in self._claimable(request.steps, request.queues) if step.due_at <= now
        ]
        due.sort(key=lambda step: (-step.priority, step.due_at, step.number))
        claimed = tuple([self._take(step, request.claim, now) for step in due[: request.limit]])
        if claimed:
            self._tables.news.written()
        return claimed

    async def next_due(self, steps: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """The earliest `due_at` of the steps that such a worker could claim."""
        self._tables.check_open()
        return min((step.due_at for step in self._claimable(steps, queues)), default=None)

    async def held(self, worker_id: str) -> frozenset[StepKey]:
        """What the worker holds."""
        self._tables.check_open()
        return frozenset(
            key for key, step in self._tables.steps.items() if step.worker == worker_id
        )

    def _claimable(self, names: frozenset[str], queues: tuple[str, ...]) -> Iterator[QueuedStep]:
        for step in self._tables.steps.values():
            if step.name in names and step.queue in queues:
                yield step

    def _take(self, step: QueuedStep, claim: Claim, now: Micros) -> ClaimedStep:
        died = step.worker is not None
        taken = replace(
            step,
            epoch=step.epoch + 1,
            worker=claim.worker,
            due_at=now + claim.lease,
            recoveries=step.recoveries + 1 if died else step.recoveries,
        )
        self._tables.steps[step.key] = taken
        run = self._tables.runs[step.key.run_id]
        return ClaimedStep(
            key=taken.key,
            name=taken.name,
            epoch=taken.epoch,
            attempt=taken.attempt,
            recoveries=taken.recoveries,
            workflow=run.workflow,
            attributes=run.attributes,
            data=taken.data,
        )
