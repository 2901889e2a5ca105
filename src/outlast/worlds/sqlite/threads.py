"""A connection and its thread, so that the event loop does not wait for a disk that takes its time."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, repeat
from queue import Empty, Queue
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from outlast._clock import Clock
from outlast.worlds.sqlite.faults import closed, explained

T = TypeVar("T")

Work: TypeAlias = Callable[[sqlite3.Connection], T]
"""A piece of work for the thread. What it raises rolls back the transaction that it is in."""

Idle: TypeAlias = Callable[[sqlite3.Connection], float | None]
"""Called in the thread before it waits for work; gives after how many seconds to call it again."""

PROMPT: Final = 0.001
"""A disk is prompt while small work takes no more seconds than this, in the running mean."""
_WEIGHT: Final = 0.2
"""How much of the running mean the last piece is."""
_PAUSES: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Seconds between the attempts to get hold of a file that is locked; the last one for ever."""


class _Request(msgspec.Struct, frozen=True, gc=False):
    work: Work[Any]
    answer: asyncio.Future[Any] | None
    """`None` if nobody wants to know."""
    small: bool = False


class ConnectionThread:
    """One connection and the thread that uses it. Work is done in the order of the calls.

    Small work is done at once, in the thread of the event loop, as long as nothing else is asked
    for and the disk is prompt: handing work to a thread and back takes as long as a prompt disk
    does (ADR 0012).
    """

    def __init__(self, name: str, url: str, clock: Clock, patience: float) -> None:
        self._name = name
        self._url = url
        self._clock = clock
        self._patience = patience
        # Not a SimpleQueue: up to Python 3.12 its `get(timeout=...)` may wait for ever, if the thread has to wait
        # for a core just as it looks how much of a short timeout is left.
        self._requests: Queue[_Request | None] = Queue()
        self._running: _Running | None = None

    @property
    def running(self) -> bool:
        """Whether the thread serves."""
        return self._running is not None

    async def start(
        self, connect: Callable[[], sqlite3.Connection], idle: Idle | None = None
    ) -> None:
        """Start the thread and connect. Raises what connecting raises; then no thread is left."""
        running = _Running(self._url, self._requests, idle or _never, self._clock, self._patience)
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
        return await self._running.ask(work)

    def promptly(self, work: Work[T], *, small: bool = True) -> asyncio.Future[T]:
        """The same, for work that may be done over again; if it is small, then perhaps at once."""
        running = self._running
        if running is None:
            refused: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            refused.set_exception(closed(self._url))
            return refused
        return (running.do(work) if small else None) or running.ask(work, small=small)

    def poke(self) -> None:
        """Have the thread call its idle function soon."""
        self._requests.put(_Request(_nothing, None))


class _Running:
    """The thread between start and stop."""

    def __init__(
        self,
        url: str,
        requests: "Queue[_Request | None]",
        idle: Idle,
        clock: Clock,
        patience: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._url = url
        self._requests = requests
        self._idle = idle
        self._clock = clock
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._in_use = threading.Lock()
        """Held by the thread that uses the connection."""
        self._asked = 0
        """How many requests are not answered yet. The event loop's own."""
        self._pace = 0.0
        """The running mean of the seconds that small work takes. The event loop's own."""
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread: threading.Thread | None = None

    async def start(self, name: str, connect: Callable[[], sqlite3.Connection]) -> None:
        connected: asyncio.Future[None] = self._loop.create_future()
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

    def ask(self, work: Work[T], *, small: bool = False) -> asyncio.Future[T]:
        """Have the thread do it."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._clock.hold()
        self._asked += 1
        self._requests.put(_Request(work, answer, small))
        return answer

    def do(self, work: Work[T]) -> asyncio.Future[T] | None:
        """Do it now, in the calling thread; `None` if that might take long, or the file is locked."""
        if self._asked or self._pace > PROMPT or self._connection is None:
            return None
        answer: asyncio.Future[T] = self._loop.create_future()
        began = time.perf_counter()
        with self._in_use:  # at most for as long as the idle function takes
            try:
                answer.set_result(_done(work, self._connection))
            except Exception as error:  # noqa: BLE001 - raised where the answer is awaited
                if _is_busy(error):
                    return None
                answer.set_exception(self._meant(error))
        self._keep_pace(time.perf_counter() - began)
        return answer

    def _run(
        self, connect: Callable[[], sqlite3.Connection], connected: asyncio.Future[None]
    ) -> None:
        try:
            connection = connect()
        except Exception as error:  # noqa: BLE001 - raised where the world is opened
            self._call_soon(_reject, connected, self._meant(error))
            self._drain()
        else:
            self._call_soon(_resolve, connected, None)
            self._serve(connection)
            connection.close()
        finally:
            self._call_soon(_resolve, self._ended, None)

    def _drain(self) -> None:
        """Take what is left for a thread that could not connect: the request to stop."""
        while self._requests.get() is not None:
            pass

    def _serve(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        while True:
            try:
                with self._in_use:
                    pause = self._idle(connection)
                request = self._requests.get(timeout=pause)
            except Empty:
                continue
            if request is None:
                self._connection = None
                return
            if request.answer is not None:
                self._answer(connection, request, request.answer)

    def _answer(
        self, connection: sqlite3.Connection, request: _Request, answer: asyncio.Future[Any]
    ) -> None:
        began = time.perf_counter()
        try:
            with self._in_use:
                result = None if answer.cancelled() else self._patiently(request.work, connection)
        except Exception as error:  # noqa: BLE001 - raised where the call is awaited
            self._call_soon(self._answered, _reject, answer, self._meant(error))
        else:
            if request.small:
                self._call_soon(self._keep_pace, time.perf_counter() - began)
            self._call_soon(self._answered, _resolve, answer, result)

    def _patiently(self, work: Work[T], connection: sqlite3.Connection) -> T:
        """Do the work; while another program has the file locked, again and again."""
        deadline = time.monotonic() + self._patience
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            try:
                return _done(work, connection)
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= deadline:
                    raise
            threading.Event().wait(pause)
        raise AssertionError  # the pauses never end

    def _meant(self, error: Exception) -> Exception:
        """The error as it is raised to the caller."""
        if not isinstance(error, sqlite3.Error):
            return error
        meant = explained(self._url, error)
        if meant is not error:
            meant.__cause__ = error
        return meant

    def _call_soon(self, callback: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _answered(
        self, settle: Callable[..., None], answer: asyncio.Future[Any], outcome: object
    ) -> None:
        self._asked -= 1
        settle(answer, outcome)
        self._clock.release()

    def _keep_pace(self, seconds: float) -> None:
        self._pace += _WEIGHT * (seconds - self._pace)


def _done(work: Work[T], connection: sqlite3.Connection) -> T:
    """Do the work. Nothing is left of it if it raises."""
    try:
        if connection.in_transaction:  # the last rollback failed
            connection.rollback()
        return work(connection)
    except Exception:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def _is_busy(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return (code & 0xFF) == sqlite3.SQLITE_BUSY


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
