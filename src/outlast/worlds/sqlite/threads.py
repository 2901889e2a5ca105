"""A thread that owns a connection, so that the event loop never waits for the disk."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

import msgspec

from outlast._clock import Clock
from outlast.worlds.sqlite.faults import closed, explained

T = TypeVar("T")

Work: TypeAlias = Callable[[sqlite3.Connection], T]
"""A piece of work for the thread. What it raises rolls back the transaction that it is in."""

Idle: TypeAlias = Callable[[sqlite3.Connection], float | None]
"""Called in the thread before it waits for work; gives after how many seconds to call it again."""


class _Request(msgspec.Struct, frozen=True):
    work: Work[Any]
    answer: asyncio.Future[Any] | None
    """`None` if nobody wants to know."""


class ConnectionThread:
    """One connection and the thread that alone uses it. Work is done in the order of the calls."""

    def __init__(self, name: str, url: str, clock: Clock) -> None:
        self._name = name
        self._url = url
        self._clock = clock
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._running: _Running | None = None

    @property
    def running(self) -> bool:
        """Whether the thread serves."""
        return self._running is not None

    async def start(
        self, connect: Callable[[], sqlite3.Connection], idle: Idle | None = None
    ) -> None:
        """Start the thread and connect. Raises what connecting raises; then no thread is left."""
        running = _Running(self._url, self._requests, idle or _never)
        await running.start(self._name, connect)
        self._running = running

    async def stop(self) -> None:
        """Do what was asked for until now, then close the connection and end the thread."""
        running, self._running = self._running, None
        if running is not None:
            await running.stop()

    async def call(self, work: Work[T]) -> T:
        """Do the work in the thread. While it lasts the clock is held, so that tests skip no time.

        Raises `WorldError` and its subclasses for the faults of the database. A caller that is
        cancelled does not know whether the work was done.
        """
        if self._running is None:
            raise closed(self._url)
        answer: asyncio.Future[T] = self._running.loop.create_future()
        self._clock.hold()
        try:
            self._requests.put(_Request(work, answer))
            return await answer
        finally:
            self._clock.release()

    def poke(self) -> None:
        """Have the thread call its idle function soon."""
        self._requests.put(_Request(_nothing, None))


class _Running:
    """The thread between start and stop."""

    def __init__(self, url: str, requests: "SimpleQueue[_Request | None]", idle: Idle) -> None:
        self.loop = asyncio.get_running_loop()
        self._url = url
        self._requests = requests
        self._idle = idle
        self._ended: asyncio.Future[None] = self.loop.create_future()
        self._thread: threading.Thread | None = None

    async def start(self, name: str, connect: Callable[[], sqlite3.Connection]) -> None:
        connected: asyncio.Future[None] = self.loop.create_future()
        # A daemon: a program that ends without closing the world must not hang.
        self._thread = threading.Thread(
            target=self._run, args=(connect, connected), name=name, daemon=True
        )
        self._thread.start()
        try:
            await connected
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        self._requests.put(None)
        await self._ended
        if self._thread is not None:
            self._thread.join()

    def _run(
        self, connect: Callable[[], sqlite3.Connection], connected: asyncio.Future[None]
    ) -> None:
        try:
            connection = connect()
        except Exception as error:  # noqa: BLE001 - raised where the world is opened
            self._fail(connected, error)
            self._drain()
        else:
            self._tell(connected, None)
            self._serve(connection)
            connection.close()
        finally:
            self._tell(self._ended, None)

    def _drain(self) -> None:
        """Take what is left for a thread that could not connect: the request to stop."""
        while self._requests.get() is not None:
            pass

    def _serve(self, connection: sqlite3.Connection) -> None:
        while True:
            try:
                request = self._requests.get(timeout=self._idle(connection))
            except Empty:
                continue
            if request is None:
                return
            if request.answer is not None and not request.answer.cancelled():
                self._answer(connection, request.work, request.answer)

    def _answer(
        self, connection: sqlite3.Connection, work: Work[T], answer: asyncio.Future[T]
    ) -> None:
        try:
            if connection.in_transaction:  # the last rollback failed
                connection.rollback()
            result = work(connection)
        except Exception as error:  # noqa: BLE001 - raised where the call is awaited
            with suppress(sqlite3.Error):
                connection.rollback()
            self._fail(answer, error)
        else:
            self._tell(answer, result)

    def _tell(self, answer: asyncio.Future[T], result: T) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(_resolve, answer, result)

    def _fail(self, answer: asyncio.Future[Any], error: Exception) -> None:
        if isinstance(error, sqlite3.Error):
            meant = explained(self._url, error)
            if meant is not error:
                meant.__cause__ = error
            error = meant
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(_reject, answer, error)


def _resolve(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _reject(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)


def _nothing(_: sqlite3.Connection) -> None:
    pass


def _never(_: sqlite3.Connection) -> float | None:
    return None
