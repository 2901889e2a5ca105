"""A few connections that the stores share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from outlast._clock import Clock
from outlast.worlds.postgres.address import Address
from outlast.worlds.postgres.connecting import Connection, connect
from outlast.worlds.postgres.faults import FAULTS, closed, explained

T = TypeVar("T")

Work: TypeAlias = Callable[[Connection], Awaitable[T]]
"""What is done with a connection that nobody else uses meanwhile."""


class Connections:
    """Up to `limit` connections, made when they are needed and again when they were lost.

    Work that has begun is done to its end, also if its caller is cancelled: giving up a statement would take
    a connection of its own.
    """

    def __init__(self, address: Address, clock: Clock, *, limit: int) -> None:
        self._address = address
        self._clock = clock
        self._limit = limit
        self._open = False
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(limit)
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_open(self) -> bool:
        """Whether work is taken."""
        return self._open

    def check_open(self) -> None:
        """Raise `WorldError` if no work is taken."""
        if not self._open:
            raise closed(self._address.url)

    async def open(self) -> None:
        """Connect, and take work from now on. Raises what connecting raises."""
        self.open_later()
        try:
            self._idle.append(await connect(self._address))
        except BaseException:
            self._open = False
            raise

    def open_later(self) -> None:
        """Take work from now on, and connect when there is some."""
        self._free = asyncio.Semaphore(self._limit)
        self._open = True

    async def close(self) -> None:
        """Take no more work, do what was begun, then close the connections."""
        self._open = False
        while self._tasks:
            await asyncio.wait(self._tasks)
        while self._idle:
            await _close(self._idle.pop())

    async def call(self, work: Work[T]) -> T:
        """Do the work. While it lasts the clock is held, so that tests skip no time.

        Raises `WorldError` and its subclasses for the faults of the server and the network. A caller that is
        cancelled does not know whether the work was done.
        """
        self.check_open()
        task = asyncio.get_running_loop().create_task(self._do(work))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        self._clock.hold()
        try:
            return await asyncio.shield(task)
        finally:
            self._clock.release()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: a caller that was cancelled does not look

    async def _do(self, work: Work[T]) -> T:
        async with self._free:
            connection = await self._connection()
            try:
                result = await work(connection)
            except BaseException as error:
                await self._give_back(connection, error)
                raise
            self._idle.append(connection)
            return result

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await connect(self._address)

    async def _give_back(self, connection: Connection, error: BaseException) -> None:
        """Keep the connection if it can go on. Raises what the error means, if that is another one."""
        sound = isinstance(error, FAULTS) and not isinstance(error, OSError | TimeoutError)
        if sound and not connection.is_closed() and not connection.is_in_transaction():
            self._idle.append(connection)
        else:
            connection.terminate()
        if isinstance(error, FAULTS):
            meant = explained(self._address.url, error)
            if meant is not error:
                raise meant from error


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=2)
    except FAULTS:
        connection.terminate()
