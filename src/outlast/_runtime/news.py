"""Waiting for runs to be over, wherever they run."""

import asyncio
from collections.abc import Callable, Collection
from typing import TypeAlias

from outlast._clock import Clock
from outlast._model.events import Event
from outlast._runtime.outages import through_outages
from outlast._runtime.racing import first_of
from outlast.errors import NoAppError
from outlast.world import Listing, News

Ending: TypeAlias = Event | None
"""The last event of a run, where it is at hand."""


class Endings:
    """Tells waiters that their runs are over (or blocked).

    Runs that end in this process tell at once. For others the world is asked in one query for all, once
    when the waiting begins, and then whenever somebody else has written. An outage of the world costs them time only.
    """

    def __init__(
        self, listing: Listing, news: News, clock: Clock, is_live: Callable[[str], bool]
    ) -> None:
        self._listing, self._news, self._clock, self._is_live = listing, news, clock, is_live
        self._waiters: dict[str, list[asyncio.Future[Ending]]] = {}
        self._added = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def wait(self, run_id: str) -> Ending:
        """Return when the run is over. Also when it has been for long. Raises `NoAppError` once it is closed."""
        if self._closed:  # whoever asks was held up by the world while the app closed
            raise _no_app()
        future: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(run_id, []).append(future)
        if not self._is_live(run_id):
            self._watch()
        try:
            return await future
        finally:
            self._remove(run_id, future)

    def tell(self, run_id: str, ending: Ending = None) -> None:
        """The run is over."""
        for future in self._waiters.pop(run_id, ()):
            if not future.done():
                future.set_result(ending)

    def watch_again(self, run_id: str) -> None:
        """A run that was live here has left: if it has not ended, the world must be watched for it."""
        if run_id in self._waiters:
            self._watch()

    async def close(self) -> None:
        """Stop watching; whoever waits is told that the app is closed."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for futures in self._waiters.values():
            for future in futures:
                if not future.done():
                    future.set_exception(_no_app())

    def _remove(self, run_id: str, future: asyncio.Future[Ending]) -> None:
        waiters = self._waiters.get(run_id, [])
        if future in waiters:
            waiters.remove(future)
            if not waiters:
                del self._waiters[run_id]

    def _watch(self) -> None:
        self._added.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watching())

    async def _watching(self) -> None:
        while watched := [run_id for run_id in self._waiters if not self._is_live(run_id)]:
            mark = self._news.mark()
            self._added.clear()
            try:
                for run_id in await self._ended(watched):
                    self.tell(run_id)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                self._fail(watched, error)
            await self._something_new(mark)

    async def _ended(self, run_ids: list[str]) -> Collection[str]:
        return await through_outages(self._clock, lambda: self._listing.ended(run_ids))

    def _fail(self, run_ids: list[str], error: Exception) -> None:
        for run_id in run_ids:
            for future in self._waiters.get(run_id, ()):
                if not future.done():
                    future.set_exception(error)

    async def _something_new(self, mark: int) -> None:
        """Wait until somebody else has written, or a waiter was added."""
        await first_of(self._news.changed(mark), self._added.wait())


def _no_app() -> NoAppError:
    return NoAppError("waiting for a run's end")
