"""Taking dispatched steps, in PostgreSQL."""

from collections.abc import Mapping

from outlast._clock import Micros
from outlast.world import ClaimedStep, StepKey, StepRequest
from outlast.worlds.postgres.clock import DatabaseTime
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import claimed_step


class PostgresSteps:
    """The queue of dispatched steps."""

    def __init__(
        self, queries: Mapping[str, str], connections: Connections, time: DatabaseTime
    ) -> None:
        self._queries = queries
        self._connections = connections
        self._time = time

    async def claim(self, request: StepRequest) -> tuple[ClaimedStep, ...]:
        """Take due steps."""
        rows = await self._connections.call(
            lambda connection: connection.fetch(
                self._queries["claim_steps"],
                request.claim.worker,
                sorted(request.steps),
                sorted(set(request.queues)),
                self._time.now(),
                request.limit,
                request.claim.lease,
            )
        )
        return tuple([claimed_step(row) for row in rows])

    async def next_due(self, steps: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """The earliest `due_at` of the steps that such a worker could claim."""
        due: Micros | None = await self._connections.call(
            lambda connection: connection.fetchval(
                self._queries["next_step_due"], sorted(steps), sorted(set(queues))
            )
        )
        return due

    async def held(self, worker_id: str) -> frozenset[StepKey]:
        """What the worker holds."""
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["held_steps"], worker_id)
        )
        return frozenset([StepKey(row[0], row[1]) for row in rows])
