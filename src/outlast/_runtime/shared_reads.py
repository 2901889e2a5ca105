"""Reading streams: readers that stand at the same place share one look at the world, and one wait for more."""

import asyncio
from typing import Final

from msgspec import structs

from outlast._clock import pause
from outlast._runtime.followers import Followers
from outlast.world import StreamPage, StreamRead, Streams

RECENT: Final = 0.25
"""Seconds for which the page that many have waited for is given to those who ask for the same a little later."""

PACE: Final = 0.000_15
"""Seconds a reader: after many readers have got a page it takes a while until they have passed it on, and looking
sooner would give each of them more, smaller pages, which cost as much as large ones."""
LONGEST: Final = 0.03
"""Seconds that this may hold up what is new, however many readers there are."""


class SharedReads:
    """Reads pages of streams for this process."""

    def __init__(self, streams: Streams, followers: Followers) -> None:
        self._streams, self._followers = streams, followers
        self._gathering: dict[StreamRead, asyncio.Task[StreamPage | None]] = {}
        """Reads that have not begun yet: whoever joins one misses nothing that it knows to be there."""
        self._waiting: dict[StreamRead, _Waiting] = {}
        self._recent: dict[StreamRead, StreamPage] = {}
        self._not_before: dict[StreamRead, float] = {}
        """When to look for the pages that follow recent ones."""

    async def read(self, request: StreamRead) -> StreamPage | None:
        """A page of a stream, as it is after this call was made."""
        reading = self._gathering.get(request)
        if reading is None:
            reading = asyncio.get_running_loop().create_task(self._read(request))
            self._gathering[request] = reading
        return await asyncio.shield(reading)

    async def news(self, request: StreamRead) -> StreamPage | None:
        """The next page that has something new for who has read up to `start`, in that epoch: chunks, that some were
        taken back, or the end. Those who ask for the same get the same page, also a little later: so all readers of a
        stream go on together, however many they are. There may be more by then.

        Raises `WorldError` if the world cannot be read, or is closed.
        """
        recent = self._recent.get(request)
        if recent is not None:
            return recent
        waiting = self._waiting.get(request)
        if waiting is None:
            waiting = self._waiting[request] = _Waiting()
            waiting.task = asyncio.get_running_loop().create_task(self._wait(request, waiting))
        future: asyncio.Future[StreamPage | None] = asyncio.get_running_loop().create_future()
        waiting.readers[future] = None
        try:
            return await future
        finally:
            self._leave(request, waiting, future)

    async def _read(self, request: StreamRead) -> StreamPage | None:
        del self._gathering[request]
        return await self._streams.read(request)

    async def _wait(self, request: StreamRead, waiting: "_Waiting") -> None:
        try:
            page = await self._next_page(request)
        except Exception as error:  # noqa: BLE001 - raised where the page is awaited
            for future in self._ended(request, waiting):
                future.set_exception(error)
            return
        readers = self._ended(request, waiting)
        if len(readers) > 1 and page is not None:
            self._remember(request, page, len(readers))
        for future in readers:
            future.set_result(page)

    def _remember(self, request: StreamRead, page: StreamPage, readers: int) -> None:
        at = page.start + len(page.chunks)
        following = structs.replace(request, start=at, epoch=page.epoch)
        loop = asyncio.get_running_loop()
        self._recent[request] = page
        self._not_before[following] = loop.time() + min(LONGEST, PACE * readers)
        loop.call_later(RECENT, self._recent.pop, request, None)
        loop.call_later(RECENT, self._not_before.pop, following, None)

    async def _next_page(self, request: StreamRead) -> StreamPage | None:
        if (not_before := self._not_before.get(request)) is not None:
            await pause(max(0.0, not_before - asyncio.get_running_loop().time()))
        with self._followers.following(request.run_id) as changes:
            while True:
                changes.begin()
                page = await self._streams.read(request)
                if page is None or page.chunks or page.rewound_to is not None or page.over:
                    return page
                await changes.next()

    def _ended(
        self, request: StreamRead, waiting: "_Waiting"
    ) -> "list[asyncio.Future[StreamPage | None]]":
        """Those who wait still."""
        del self._waiting[request]
        return [future for future in waiting.readers if not future.done()]

    def _leave(
        self,
        request: StreamRead,
        waiting: "_Waiting",
        future: "asyncio.Future[StreamPage | None]",
    ) -> None:
        del waiting.readers[future]
        if not waiting.readers and self._waiting.get(request) is waiting:
            del self._waiting[request]
            if waiting.task is not None:
                waiting.task.cancel()


class _Waiting:
    """Those who wait for the same page, and the one task that looks for it."""

    __slots__ = ("readers", "task")

    def __init__(self) -> None:
        self.readers: dict[asyncio.Future[StreamPage | None], None] = {}
        self.task: asyncio.Task[None] | None = None
