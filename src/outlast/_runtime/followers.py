"""Hearing of what is added to single runs: to their logs, and to their streams."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from outlast.world import News


class Changes:
    """What one follower hears of one run: `begin`, then read, then wait for the `next`."""

    def __init__(self) -> None:
        self._something = asyncio.Event()
        self._error: Exception | None = None

    def begin(self) -> None:
        """What is written from now on counts."""
        self._something.clear()

    def tell(self, error: Exception | None = None) -> None:
        """Something was written; or nothing more will be heard, because of the error."""
        self._error = error
        self._something.set()

    async def next(self) -> None:
        """Return when something was written after `begin`. May return for nothing.

        Raises `WorldError` if the world is closed.
        """
        await self._something.wait()
        if self._error is not None:
            raise self._error


class Followers:
    """Who follows which run in this process. One task listens for all of them, while there are any."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._following: dict[str, list[Changes]] = {}
        self._listening: asyncio.Task[None] | None = None

    @contextmanager
    def following(self, run_id: str) -> Generator[Changes, None, None]:
        """Follow a run for a while."""
        changes = Changes()
        self._following.setdefault(run_id, []).append(changes)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.get_running_loop().create_task(
                self._listen(self._news.mark())
            )
        try:
            yield changes
        finally:
            left = self._following[run_id]
            left.remove(changes)
            if not left:
                del self._following[run_id]
            if not self._following:
                self._listening.cancel()
                self._listening = None

    def tell(self, run_id: str) -> None:
        """This process has written to the run."""
        for changes in self._following.get(run_id, ()):
            changes.tell()

    async def _listen(self, mark: int) -> None:
        """Tell all when others have written: the world does not say to which run."""
        error: Exception | None = None
        while error is None:
            try:
                mark = await self._news.changed(mark)
            except Exception as raised:  # noqa: BLE001 - raised where changes are awaited
                error = raised
            for following in self._following.values():
                for changes in following:
                    changes.tell(error)
