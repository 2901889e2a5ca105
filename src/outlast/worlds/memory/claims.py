"""Taking runs and holding them, in memory."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from outlast._clock import Clock, Micros
from outlast._model.runs import RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.world import ClaimedRun, ClaimRequest, Heartbeat
from outlast.worlds.memory.tables import Tables
from outlast.worlds.memory.taking import take


class MemoryClaims:
    """The workers, and the runs that they hold."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    async def register(self, worker: WorkerRecord) -> None:
        """Make the worker known."""
        self._tables.check_open()
        self._tables.workers[worker.id] = worker

    async def unregister(self, worker_id: str) -> None:
        """Forget the worker; what it holds is handed back."""
        self._tables.check_open()
        self._tables.workers.pop(worker_id, None)
        now = self._clock.now()
        for run in list(self._held(worker_id)):
            self._tables.nudged.discard(run.id)
            self._tables.put(replace(run, status=RunStatus.PENDING, worker=None, due_at=now))
        for key, step in self._tables.steps.items():
            if step.worker == worker_id:
                self._tables.steps[key] = replace(step, worker=None, due_at=now)
        self._tables.news.written()

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        """Take due runs."""
        self._tables.check_open()
        now = self._clock.now()
        due = [
            run for run in self._claimable(request.workflows, request.queues) if _due(run) <= now
        ]
        due.sort(key=lambda run: (-run.priority, _due(run), self._tables.numbers[run.id]))
        claimed = tuple(
            [take(self._tables, run, request.claim, now) for run in due[: request.limit]]
        )
        if claimed:
            self._tables.news.written()
        return claimed

    async def renew(self, heartbeat: Heartbeat) -> None:
        """Extend the named leases and note the heartbeat."""
        self._tables.check_open()
        tables, worker_id = self._tables, heartbeat.claim.worker
        now = self._clock.now()
        due_at = now + heartbeat.claim.lease
        worker = tables.workers.get(worker_id)
        if worker is not None:
            tables.workers[worker_id] = replace(
                worker,
                heartbeat_at=now,
                live_runs=len(heartbeat.runs),
                attempts=heartbeat.attempts,
            )
        for run in map(tables.runs.get, heartbeat.runs):
            if run is not None and run.worker == worker_id:
                tables.put(replace(run, due_at=due_at))
        for step in map(tables.steps.get, heartbeat.steps):
            if step is not None and step.worker == worker_id:
                tables.steps[step.key] = replace(step, due_at=due_at)

    async def reap(self) -> int:
        """A worker in this process cannot die alone."""
        self._tables.check_open()
        return 0

    async def next_due(self, workflows: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """The earliest `due_at` of the runs that such a worker could claim."""
        self._tables.check_open()
        return min((_due(run) for run in self._claimable(workflows, queues)), default=None)

    async def nudged(self, worker_id: str) -> tuple[str, ...]:
        """The worker's runs that have events which it does not know of."""
        self._tables.check_open()
        return tuple(sorted(run.id for run in self._held(worker_id) if self._is_nudged(run)))

    async def unblock(self, digests: Mapping[str, str]) -> int:
        """Make due what is blocked on another digest."""
        self._tables.check_open()
        blocked = [
            run
            for run in self._tables.runs.values()
            if run.status == RunStatus.BLOCKED
            and run.due_at is None
            and run.workflow in digests
            and run.blocked_digest != digests[run.workflow]
        ]
        for run in blocked:
            self._tables.put(replace(run, due_at=self._clock.now()))
        if blocked:
            self._tables.news.written()
        return len(blocked)

    def _claimable(self, workflows: frozenset[str], queues: tuple[str, ...]) -> Iterator[RunRecord]:
        for run_id in self._tables.due:
            run = self._tables.runs[run_id]
            if run.workflow in workflows and run.queue in queues:
                yield run

    def _held(self, worker_id: str) -> Iterator[RunRecord]:
        for run_id in self._tables.due:  # whatever is held has a due_at: the end of its lease
            run = self._tables.runs[run_id]
            if run.worker == worker_id:
                yield run

    def _is_nudged(self, run: RunRecord) -> bool:
        return run.id in self._tables.nudged


def _due(run: RunRecord) -> Micros:
    return run.due_at or 0  # never None here: only runs that have a due_at are looked at
