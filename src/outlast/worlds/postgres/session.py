"""The connection that stays: it listens, and its locks say that our workers live."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import asyncpg

from outlast.errors import WorldError
from outlast.worlds.postgres.address import Address
from outlast.worlds.postgres.clock import DatabaseTime
from outlast.worlds.postgres.connecting import Connection, connect
from outlast.worlds.postgres.faults import FAULTS, explained, held_elsewhere, refused

LOOK_EVERY = 1.0
"""Seconds between two looks: whether anybody has written, in case that a notification was lost, and whether a
worker has died. They show too that the connection is alive."""
LOOK_DEAF = 0.75
"""The same where nobody can listen: through a pooler in transaction mode, and on a standby."""

RECONNECTED = 3.0
"""So many seconds nobody is taken for dead after a lost connection: when a server starts anew all workers
have lost their locks, and the first one back must not take over what the others hold."""

_ANSWER_WITHIN = 5.0
_BACKOFF = (0.02, 0.1, 0.5, 1.0, 2.0)


class Session:
    """One connection, kept for as long as the world is open and made again whenever it is lost.

    It is made when somebody needs it: a command that only reads has none. Through a pooler in transaction mode it
    can neither listen nor hold locks; then it only looks.
    """

    def __init__(
        self,
        address: Address,
        queries: Mapping[str, str],
        time: DatabaseTime,
        heard: Callable[[str | None], None],
    ) -> None:
        self._address = address
        self._queries = queries
        self._time = time
        self._heard = heard
        self._digest = hashlib.blake2b(address.schema.encode(), digest_size=8).hexdigest()
        self._task: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._busy = asyncio.Lock()
        self._changed = asyncio.Event()
        """The connection was made, or lost, or could not be made."""
        self._problem: WorldError | None = None
        self._suspects: tuple[str, ...] | None = None
        self._trusts_locks_from = 0.0
        """The loop's time from which on a lock that nobody holds means a death."""
        self._locks: dict[str, bool] = {}
        """Worker id -> whether this connection holds its lock."""

    @property
    def channel(self) -> str:
        """The channel on which all who use the schema tell one another."""
        return f"outlast_{self._digest}"

    @property
    def suspects(self) -> tuple[str, ...] | None:
        """The registered workers whose locks nobody held at the last look, none for a while after the
        connection was lost; `None` if nothing is looked at here."""
        return self._suspects

    @property
    def trusts_locks(self) -> bool:
        """Whether a lock that nobody holds means that its worker has died."""
        return asyncio.get_running_loop().time() >= self._trusts_locks_from

    def lock_of(self, worker_id: str) -> int | None:
        """The key of a worker's advisory lock; `None` where locks have no meaning."""
        if self._address.pooled:
            return None
        text = f"{self._address.schema}\0{worker_id}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)

    def start(self) -> None:
        """Connect in the background, and stay connected. Idempotent."""
        if self._task is None:
            self._busy, self._changed = asyncio.Lock(), asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._stay())

    async def close(self) -> None:
        """Give up all locks, and disconnect. Idempotent."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._locks.clear()
        self._suspects, self._trusts_locks_from = None, 0.0

    async def hold(self, worker_id: str) -> None:
        """Hold the lock of a worker until it is dropped, over all connections to come.

        Raises `WorldError` and its subclasses if it cannot be held now.
        """
        if self._address.pooled:
            return
        self._locks.setdefault(worker_id, False)
        self.start()
        try:
            connection = await self._connected()
            async with self._busy:
                await self._take_locks(connection)
        except FAULTS as error:
            meant = explained(self._address.url, error)
            raise meant from error
        if not self._locks.get(worker_id):
            raise held_elsewhere(self._address.url, worker_id)

    async def drop(self, worker_id: str) -> None:
        """Give up a worker's lock. Idempotent."""
        if not self._locks.pop(worker_id, False):
            return
        connection = self._connection
        if connection is not None:
            with suppress(*FAULTS):  # with the connection the lock is gone
                async with self._busy:
                    await connection.execute(self._queries["unlock"], self.lock_of(worker_id))

    async def _connected(self) -> Connection:
        """The connection, or the reason why there is none."""
        while self._connection is None:
            if self._problem is not None:
                raise self._problem
            self._changed.clear()
            await self._changed.wait()
        return self._connection

    async def _stay(self) -> None:
        failures = 0
        while True:
            try:
                self._connection = await connect(self._address)
            except WorldError as error:
                self._tell(error)
            else:
                if await self._serve(self._connection):
                    failures = 0
                self._trusts_locks_from = asyncio.get_running_loop().time() + RECONNECTED
                self._suspects = ()
            await self._pause(_BACKOFF[min(failures, len(_BACKOFF) - 1)], asyncio.Event())
            failures += 1

    async def _serve(self, connection: Connection) -> bool:
        """Listen, hold and look until the connection is lost. Whether it was of use before."""
        lost, useful = asyncio.Event(), False
        connection.add_termination_listener(lambda _: lost.set())
        try:
            async with self._busy:
                hears = await self._listen(connection)
                await self._take_locks(connection)
            self._tell(None)
            seen: str | None = None
            while not lost.is_set():
                seen = await self._look(connection, seen)
                useful = True
                await self._pause(LOOK_EVERY if hears else LOOK_DEAF, lost)
        except FAULTS as error:  # the next connection is on its way
            if not useful:
                self._tell(refused(self._address.url, error))
        finally:
            self._connection = None
            self._locks = dict.fromkeys(self._locks, False)
            await _leave(connection)
        return useful

    async def _listen(self, connection: Connection) -> bool:
        """Listen where that is possible; whether it is."""
        if self._address.pooled:
            return False
        try:
            await connection.add_listener(self.channel, self._notified)
        except asyncpg.ReadOnlySQLTransactionError:  # a standby: it can be read all the same
            return False
        return True

    async def _look(self, connection: Connection, seen: str | None) -> str:
        """Look once. Gives what tells the next look whether anybody has written meanwhile."""
        async with self._busy:
            asked = self._time.asked()
            ((now, snapshot, suspects),) = await connection.fetch(
                self._queries["look"], timeout=_ANSWER_WITHIN
            )
            self._time.told(asked, now)
            self._suspects = tuple(suspects) if self.trusts_locks else ()
            if not all(self._locks.values()):
                await self._take_locks(connection)
        if snapshot != seen:
            self._heard(None)
        return str(snapshot)

    async def _take_locks(self, connection: Connection) -> None:
        for worker_id in [one for one, held in self._locks.items() if not held]:
            held = await connection.fetchval(
                self._queries["lock"], self.lock_of(worker_id), timeout=_ANSWER_WITHIN
            )
            if held and worker_id in self._locks:
                self._locks[worker_id] = True

    def _tell(self, problem: WorldError | None) -> None:
        self._problem = problem
        self._changed.set()

    def _notified(self, *notification: Any) -> None:
        self._heard(str(notification[-1]))

    async def _pause(self, seconds: float, sooner: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(sooner.wait(), seconds)


async def _leave(connection: Connection) -> None:
    """Give up the locks before the connection: the server takes a moment to notice that it has gone."""
    try:
        if not connection.is_closed():
            await connection.reset(timeout=1)
            await connection.close(timeout=1)
    except FAULTS:
        connection.terminate()
    except asyncio.CancelledError:
        connection.terminate()
        raise
