"""Taking runs and holding them, in SQLite."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from outlast._clock import Clock, Micros
from outlast._model.workers import WorkerRecord
from outlast.world import ClaimedRun, ClaimRequest, Heartbeat
from outlast.worlds.sqlite.connecting import file_identity
from outlast.worlds.sqlite.encoding import NOTHING, ask, change, ids, json_text
from outlast.worlds.sqlite.faults import deleted
from outlast.worlds.sqlite.locks import WorkerLocks
from outlast.worlds.sqlite.queries import QUERIES
from outlast.worlds.sqlite.step_encoding import keys_text
from outlast.worlds.sqlite.taking import take
from outlast.worlds.sqlite.threads import ConnectionThread


class SqliteClaims:
    """The workers, and the runs that they hold."""

    def __init__(
        self,
        path: Path,
        writer: ConnectionThread,
        reader: ConnectionThread,
        locks: WorkerLocks,
        clock: Clock,
    ) -> None:
        self._path = path
        self._writer = writer
        self._reader = reader
        self._locks = locks
        self._clock = clock
        self._file: int | None = None

    async def register(self, worker: WorkerRecord) -> None:
        """Make the worker known: first its lock, then its row, so that no row lacks its lock."""

        def register(connection: sqlite3.Connection) -> None:
            self._file = file_identity(self._path)
            self._locks.hold(worker.id)
            change(connection, "register", _worker_parameters(worker))

        await self._writer.call(register)

    async def unregister(self, worker_id: str) -> None:
        """Forget the worker; what it holds is handed back. First its row goes, then its lock."""

        def unregister(connection: sqlite3.Connection) -> None:
            connection.execute(QUERIES["begin"])
            change(connection, "hand_back", {"worker": worker_id, "now": self._clock.now()})
            change(connection, "hand_back_steps", {"worker": worker_id, "now": self._clock.now()})
            change(connection, "unregister", {"worker": worker_id})
            connection.execute(QUERIES["commit"])
            self._locks.drop(worker_id)

        await self._writer.call(unregister)

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        """Take due runs."""
        return await self._writer.call(lambda connection: self._claim(connection, request))

    async def renew(self, heartbeat: Heartbeat) -> None:
        """Extend the named leases and note the heartbeat."""

        def renew(connection: sqlite3.Connection) -> None:
            connection.execute(QUERIES["begin"])
            beat = {
                "worker": heartbeat.claim.worker,
                "now": self._clock.now(),
                "lease": heartbeat.claim.lease,
                "run_ids": json_text(heartbeat.runs),
                "keys": keys_text(heartbeat.steps),
                "live_runs": len(heartbeat.runs),
                "attempts": heartbeat.attempts,
            }
            change(connection, "renew_runs", beat)
            change(connection, "renew_steps", beat)
            change(connection, "renew_worker", beat)
            connection.execute(QUERIES["commit"])

        await self._writer.call(renew)

    async def reap(self) -> int:
        """Make due what workers hold whose processes have died.

        Raises `WorldError` if the file was deleted or replaced since this world's worker registered:
        SQLite would go on with a file that nobody else can see.
        """
        if self._file is not None and file_identity(self._path) != self._file:
            raise deleted(f"sqlite:///{self._path}")
        return await self._writer.call(self._reap)

    async def next_due(self, workflows: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """The earliest `due_at` of the runs that such a worker could claim."""
        wish = {"workflows": json_text(sorted(workflows)), "queues": json_text(queues)}
        return await self._reader.promptly(lambda connection: ask(connection, "next_due", wish))

    async def nudged(self, worker_id: str) -> tuple[str, ...]:
        """The worker's runs that have events which it does not know of."""
        wish = {"worker": worker_id}
        return await self._reader.call(lambda connection: ids(ask(connection, "nudged", wish)))

    async def unblock(self, digests: Mapping[str, str]) -> int:
        """Make due what is blocked on another digest."""

        def unblock(connection: sqlite3.Connection) -> int:
            wish = {"digests": json_text(digests), "now": self._clock.now()}
            return change(connection, "unblock", wish)

        return await self._writer.call(unblock)

    def _claim(
        self, connection: sqlite3.Connection, request: ClaimRequest
    ) -> tuple[ClaimedRun, ...]:
        wish = {
            "workflows": json_text(sorted(request.workflows)),
            "queues": json_text(request.queues),
            "limit": request.limit,
        }
        # A look first, without the lock: most claims of an idle worker find nothing.
        if ask(connection, "pick", {**wish, "now": self._clock.now()}) == NOTHING:
            return ()
        connection.execute(QUERIES["begin"])
        now = self._clock.now()
        claimed = take(
            connection, ask(connection, "pick", {**wish, "now": now}), request.claim, now
        )
        connection.execute(QUERIES["commit"])
        return claimed

    def _reap(self, connection: sqlite3.Connection) -> int:
        if not self._dead(connection):  # a look first, without the lock
            return 0
        connection.execute(QUERIES["begin"])
        dead = self._dead(connection)
        for worker_id in dead:
            change(connection, "orphan", {"worker": worker_id, "now": self._clock.now()})
            change(connection, "orphan_steps", {"worker": worker_id, "now": self._clock.now()})
            change(connection, "unregister", {"worker": worker_id})
        connection.execute(QUERIES["commit"])
        for worker_id in dead:
            self._locks.drop(worker_id)
        return len(dead)

    def _dead(self, connection: sqlite3.Connection) -> tuple[str, ...]:
        registered = ids(ask(connection, "worker_ids"))
        return tuple([worker_id for worker_id in registered if not self._locks.alive(worker_id)])


def _worker_parameters(worker: WorkerRecord) -> dict[str, str | int]:
    return {
        "id": worker.id,
        "host": worker.host,
        "pid": worker.pid,
        "version": worker.version,
        "queues": json_text(worker.queues),
        "started_at": worker.started_at,
        "heartbeat_at": worker.heartbeat_at,
        "live_runs": worker.live_runs,
        "attempts": worker.attempts,
    }
