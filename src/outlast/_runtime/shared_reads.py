"""Reading streams: readers that wake together and stand at the same place share one look at the world."""

import asyncio

from outlast.world import StreamPage, StreamRead, Streams


class SharedReads:
    """Reads pages of streams for this process."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._gathering: dict[StreamRead, asyncio.Task[StreamPage | None]] = {}
        """Reads that have not begun yet: whoever joins one misses nothing that it knows to be there."""

    async def read(self, request: StreamRead) -> StreamPage | None:
        """A page of a stream, as it is after this call was made."""
        reading = self._gathering.get(request)
        if reading is None:
            reading = asyncio.get_running_loop().create_task(self._read(request))
            self._gathering[request] = reading
        return await asyncio.shield(reading)

    async def _read(self, request: StreamRead) -> StreamPage | None:
        del self._gathering[request]
        return await self._streams.read(request)
