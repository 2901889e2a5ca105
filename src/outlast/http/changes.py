"""Hearing of runs that change: pages of lists, watched by one watcher for all who read them."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import suppress
from typing import Final

import msgspec

from outlast import App
from outlast._api.listing import RunFilters
from outlast._api.stirrings import stirrings
from outlast._clock import pause
from outlast.errors import OutlastError, WorldUnavailableError
from outlast.http.feeds import event
from outlast.records import RunPage

GAP: Final = 0.1
"""Seconds between two looks at the least, however much is written."""
LOOK_AFTER: Final = 2.0
"""Seconds after which it is looked without news, too."""
LINGER: Final = 60.0
"""So many seconds a page is watched on after its last reader has gone, who may come back."""
REMEMBERED: Final = 1_000
"""So many events of a page are kept for readers who come back, or who are slow."""
PAGES: Final = 100
"""So many pages without readers are watched on at most."""


class WatchedPage:
    """One page, and what became of it. Events have a number."""

    def __init__(self, filters: RunFilters, first: RunPage) -> None:
        self.filters = filters
        self.readers = 0
        self.left_at = asyncio.get_running_loop().time()
        """When the last reader has gone."""
        self.number = 0
        """That of the last event."""
        self._changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._events: deque[bytes] = deque(maxlen=REMEMBERED)
        self._name = os.urandom(6).hex()
        self._runs = {run.id: run for run in first.runs}
        self._first: bytes | None = None
        self._error: OutlastError | None = None

    def look(self, page: RunPage) -> None:
        """The page as it is now: what differs is told, oldest first; also what is not in it any more."""
        runs = {run.id: run for run in page.runs}
        changed = [run for run in reversed(page.runs) if self._runs.get(run.id) != run]
        gone = [run_id for run_id in self._runs if run_id not in runs]
        self._runs = runs
        for run_id in gone:
            self._tell("gone", msgspec.json.encode({"id": run_id}))
        for run in changed:
            self._tell("run", msgspec.json.encode(run))
        if gone or changed:
            self._first = None
            self._stir()

    def fail(self, error: OutlastError) -> None:
        """It cannot be watched any more: readers are told."""
        self._error = error
        self._stir()

    async def frames(self, last: str | None) -> AsyncGenerator[bytes]:
        """The whole page, then what changes; or what came after the event of that id, if it is remembered.

        Raises the error with which the watching ended.
        """
        at = self._number_of(last)
        while True:
            oldest = self.number - len(self._events)
            if at is None or at < oldest:
                at = self.number
                yield self._page()
            elif at < self.number:
                missed = [self._events[n - oldest] for n in range(at, self.number)]
                at = self.number
                yield b"".join(missed)
            elif self._error is not None:
                raise self._error
            else:
                await asyncio.shield(self._changed)

    def _stir(self) -> None:
        self._changed.set_result(None)
        self._changed = asyncio.get_running_loop().create_future()

    def _tell(self, name: str, data: bytes) -> None:
        self.number += 1
        self._events.append(event(data, name=name, id=self._id()))

    def _page(self) -> bytes:
        """Without ids: who has it in part begins anew. The place comes behind it. Made once for all readers."""
        if self._first is None:
            oldest_first = reversed(tuple(self._runs.values()))
            runs = [event(msgspec.json.encode(run), name="run") for run in oldest_first]
            self._first = b"".join([*runs, b"id: %s\n\n" % self._id().encode()])
        return self._first

    def _id(self) -> str:
        return f"{self._name}.{self.number}"

    def _number_of(self, last: str | None) -> int | None:
        name, _, number = (last or "").partition(".")
        known = name == self._name and number.isascii() and number.isdecimal() and len(number) < 18
        return min(int(number), self.number) if known else None


class RunWatcher:
    """Watches the pages that somebody reads: it looks when the world has news, once for all readers of a page."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pages: dict[Hashable, WatchedPage] = {}
        self.task: asyncio.Task[None] | None = None
        """The one task that watches, while there are pages."""
        self.looks = 0
        """How often a page was looked at, for tests."""

    async def changes(
        self, filters: RunFilters, key: Hashable, last: str | None
    ) -> AsyncGenerator[bytes]:
        """Frames of events: the runs of the page, oldest first, then each that is new in it, differs (`run`), or has
        left it (`gone`). `key` is the same for the same filters.

        Raises what `list_runs` raises, before the first frame.
        """
        page = self._pages.get(key)
        if page is None:
            first = await self._app.list_runs(**filters)
            page = self._pages.setdefault(key, WatchedPage(filters, first))
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._watch())
        return self._read(page, last)

    async def _read(self, page: WatchedPage, last: str | None) -> AsyncGenerator[bytes]:
        page.readers += 1
        try:
            async for frame in page.frames(last):
                yield frame
        finally:
            page.readers -= 1
            page.left_at = asyncio.get_running_loop().time()

    async def _watch(self) -> None:
        """While there are pages, and the world can be looked at."""
        try:
            with stirrings(self._app) as changes:
                while self._pages:
                    changes.begin()
                    await self._look()
                    self._forget()
                    await pause(GAP)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_AFTER):
                            await changes.next()
        except OutlastError as error:  # the app is closed, or its world is broken
            for page in self._pages.values():
                page.fail(error)
            self._pages.clear()

    async def _look(self) -> None:
        for page in tuple(self._pages.values()):
            with suppress(WorldUnavailableError):  # for now: it is looked at again
                self.looks += 1
                page.look(await self._app.list_runs(**page.filters))

    def _forget(self) -> None:
        """The pages that nobody reads any more."""
        now = asyncio.get_running_loop().time()
        left = {key: page for key, page in self._pages.items() if not page.readers}
        latest_first = sorted(left, key=lambda key: left[key].left_at, reverse=True)
        for rank, key in enumerate(latest_first):
            if rank >= PAGES or now - left[key].left_at > LINGER:
                del self._pages[key]
