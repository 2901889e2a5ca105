"""A few connections that the stores share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from outlast._clock import Clock
from outlast.worlds.postgres.address import Address
from outlast.worlds.postgres.connecting import Connection, connect
from outlast.worlds.postgres.faults import FAULTS, LOST, closed, explained

T = TypeVar("T")

Work: TypeAlias = Callable[[Connection], Awaitable[T]]
"""What is done with a connection that nobody else uses meanwhile."""


class Connections:
    """Up to `limit` connections, made when they are needed and again when they were lost."""

    def __init__(self, address: Address, clock: Clock, *, limit: int) -> None:
        self._address = address
        self._clock = clock
        self._limit = limit
        self._open = False
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(limit)
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def clock(self) -> Clock:
        """The clock that is held while work lasts."""
        return self._clock

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
        for _ in range(self._limit):
            await self._free.acquire()
        while self._idle:
            self._leave(self._idle.pop())
        while self._leaving:
            await asyncio.wait(self._leaving)

    async def call(self, work: Work[T]) -> T:
        """Do the work. While it lasts the clock is held, so that tests skip no time.

        Raises `WorldError` and its subclasses for the faults of the server and the network. A caller that is
        cancelled does not know whether the work was done; the connection is lost with it.
        """
        self.check_open()
        self._clock.hold()
        try:
            async with self._free:
                connection = await self._connection()
                try:
                    result = await work(connection)
                except BaseException as error:
                    self._give_back(connection, error)
                    raise
                self._idle.append(connection)
                return result
        except FAULTS as error:
            meant = explained(self._address.url, error)
            if meant is error:
                raise
            raise meant from error
        finally:
            self._clock.release()

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await connect(self._address)

    def _give_back(self, connection: Connection, error: BaseException) -> None:
        """Keep the connection if it can go on; otherwise leave it, which may take a moment: the driver asks
        the server to give up what is under way."""
        lost = not isinstance(error, Exception) or isinstance(error, LOST)
        if not lost and not connection.is_closed() and not connection.is_in_transaction():
            self._idle.append(connection)
        else:
            self._leave(connection)

    def _leave(self, connection: Connection) -> None:
        leaving = asyncio.get_running_loop().create_task(_close(connection))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=2)
    except FAULTS:
        connection.terminate()
