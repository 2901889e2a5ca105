"""News of a memory world: every write is news, whoever made it."""

import asyncio


class MemoryNews:
    """Counts the writes. As users may share one world object, it wakes them for their own writes
    too."""

    def __init__(self) -> None:
        self._writes = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def mark(self) -> int:
        """The number of writes until now."""
        return self._writes

    async def changed(self, mark: int) -> int:
        """Return the number of writes as soon as it is above `mark`."""
        while self._writes <= mark:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)
        return self._writes

    def written(self) -> None:
        """Count a write, and wake those that wait."""
        self._writes += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
