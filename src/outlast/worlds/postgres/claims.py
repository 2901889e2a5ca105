"""Taking runs and holding them, in PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from outlast._clock import Micros
from outlast._model.workers import WorkerRecord
from outlast.world import ClaimedRun, ClaimRequest, Heartbeat
from outlast.worlds.postgres.clock import DatabaseTime
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import BEGINNING, claimed_run, json_text
from outlast.worlds.postgres.migrations import LATEST
from outlast.worlds.postgres.news import PostgresNews
from outlast.worlds.postgres.session import Session

_OWN_LOOKS = 10
"""So many times `reap` looks for itself before it relies on the session."""


class PostgresClaims:
    """The workers, and the runs that they hold."""

    def __init__(
        self,
        queries: Mapping[str, str],
        connections: Connections,
        time: DatabaseTime,
        session: Session,
        news: PostgresNews,
    ) -> None:
        self._queries = queries
        self._connections = connections
        self._time = time
        self._session = session
        self._news = news
        self._registered: dict[str, WorkerRecord] = {}
        self._own_looks = _OWN_LOOKS

    async def register(self, worker: WorkerRecord) -> None:
        """Make the worker known: first its lock, then its row, so that no row lacks its lock."""
        self._connections.check_open()
        await self._session.hold(worker.id)
        await self._execute("register", *self._parameters(worker))
        self._registered[worker.id] = worker

    async def unregister(self, worker_id: str) -> None:
        """Forget the worker; what it holds is handed back. First its row goes, then its lock."""
        self._registered.pop(worker_id, None)
        await self._execute("unregister", worker_id, self._time.now())
        await self._session.drop(worker_id)
        self._news.written(urgent=True)

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        """Take due runs."""
        rows = await self._connections.call(
            lambda connection: connection.fetch(
                self._queries["claim"],
                request.claim.worker,
                sorted(request.workflows),
                sorted(set(request.queues)),
                self._time.now(),
                request.limit,
                request.claim.lease,
                BEGINNING,
            )
        )
        return tuple([claimed_run(row) for row in rows])

    async def renew(self, heartbeat: Heartbeat) -> None:
        """Extend the named leases and note the heartbeat. A worker that was taken for dead, because its
        connection was lost for a while, is made known again."""
        worker_id = heartbeat.claim.worker
        found = await self._value(
            "renew",
            worker_id,
            self._time.now(),
            heartbeat.runs,
            [key.run_id for key in heartbeat.steps],
            [key.ref for key in heartbeat.steps],
            heartbeat.claim.lease,
            len(heartbeat.runs),
            heartbeat.attempts,
        )
        if not found and worker_id in self._registered:
            await self.register(self._registered[worker_id])

    async def reap(self) -> int:
        """Make due what workers hold that have died: nobody holds their locks any more.

        A worker asks for this five times a second. After a few times it is told what the session has seen at its last
        look, so that it costs nothing.
        """
        suspects = self._session.suspects
        if suspects is None or (self._own_looks > 0 and self._session.trusts_locks):
            self._own_looks -= 1
            suspects = await self._value("dead")
        # Our own live, whatever has become of the connection with their locks.
        dead = [worker_id for worker_id in suspects or () if worker_id not in self._registered]
        self._connections.check_open()
        found = int(await self._value("reap", dead, self._time.now())) if dead else 0
        if found:
            self._news.written(urgent=True)
        return found

    async def next_due(self, workflows: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """The earliest `due_at` of the runs that such a worker could claim."""
        due: Micros | None = await self._value("next_due", sorted(workflows), sorted(set(queues)))
        return due

    async def nudged(self, worker_id: str) -> tuple[str, ...]:
        """The worker's runs that have events which it does not know of."""
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["nudged"], worker_id)
        )
        return tuple([str(row[0]) for row in rows])

    async def unblock(self, digests: Mapping[str, str]) -> int:
        """Make due what is blocked on another digest."""
        known = (list(digests), list(digests.values()))
        found = int(await self._value("unblock", *known, self._time.now()))
        if found:
            self._news.written(urgent=True)
        return found

    def forget(self) -> None:
        """The world is closed: none of its workers live any more."""
        self._registered.clear()
        self._own_looks = _OWN_LOOKS

    async def _execute(self, query: str, *parameters: Any) -> None:
        await self._connections.call(
            lambda connection: connection.execute(self._queries[query], *parameters)
        )

    async def _value(self, query: str, *parameters: Any) -> Any:
        return await self._connections.call(
            lambda connection: connection.fetchval(self._queries[query], *parameters)
        )

    def _parameters(self, worker: WorkerRecord) -> tuple[Any, ...]:
        return (
            worker.id,
            worker.host,
            worker.pid,
            worker.version,
            json_text(worker.queues),
            worker.started_at,
            worker.heartbeat_at,
            worker.live_runs,
            worker.attempts,
            self._session.lock_of(worker.id),
            LATEST,
        )
