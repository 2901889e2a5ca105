"""Taking dispatched steps, in SQLite."""

import sqlite3

from outlast._clock import Clock, Micros
from outlast.world import ClaimedStep, StepKey, StepRequest
from outlast.worlds.sqlite.encoding import NOTHING, ask, change, json_text
from outlast.worlds.sqlite.queries import QUERIES
from outlast.worlds.sqlite.step_encoding import claimed_steps, step_keys
from outlast.worlds.sqlite.threads import ConnectionThread


class SqliteSteps:
    """The queue of dispatched steps."""

    def __init__(self, writer: ConnectionThread, reader: ConnectionThread, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def claim(self, request: StepRequest) -> tuple[ClaimedStep, ...]:
        """Take due steps."""
        return await self._writer.call(lambda connection: self._claim(connection, request))

    async def next_due(self, steps: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """The earliest `due_at` of the steps that such a worker could claim."""
        wish = {"names": json_text(sorted(steps)), "queues": json_text(queues)}
        return await self._reader.promptly(
            lambda connection: ask(connection, "next_step_due", wish)
        )

    async def held(self, worker_id: str) -> frozenset[StepKey]:
        """What the worker holds."""
        wish = {"worker": worker_id}
        return await self._reader.call(
            lambda connection: step_keys(ask(connection, "held_steps", wish))
        )

    def _claim(
        self, connection: sqlite3.Connection, request: StepRequest
    ) -> tuple[ClaimedStep, ...]:
        wish = {
            "names": json_text(sorted(request.steps)),
            "queues": json_text(request.queues),
            "limit": request.limit,
        }
        # A look first, without the lock: most claims of an idle worker find nothing.
        if ask(connection, "pick_steps", {**wish, "now": self._clock.now()}) == NOTHING:
            return ()
        connection.execute(QUERIES["begin"])
        now = self._clock.now()
        picked = {"picked": ask(connection, "pick_steps", {**wish, "now": now})}
        taken = {"worker": request.claim.worker, "lease": request.claim.lease, "now": now}
        change(connection, "take_steps", {**taken, **picked})
        claimed = claimed_steps(ask(connection, "taken_steps", picked))
        connection.execute(QUERIES["commit"])
        return claimed
