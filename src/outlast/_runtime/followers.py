"""Hearing of what is added to the logs of single runs."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from outlast._runtime.racing import first_of
from outlast.world import News


class Changes:
    """What one follower hears of one run: `begin`, then read the log, then wait for the `next`."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._mark = news.mark()
        self._local = asyncio.Event()

    def begin(self) -> None:
        """What is written from now on counts."""
        self._mark = self._news.mark()
        self._local.clear()

    def tell(self) -> None:
        """This process has written to the log."""
        self._local.set()

    async def next(self) -> None:
        """Return when something was written after `begin`. May return for nothing."""
        await first_of(self._news.changed(self._mark), self._local.wait())


class Followers:
    """Who follows which run in this process."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._following: dict[str, list[Changes]] = {}

    @contextmanager
    def following(self, run_id: str) -> Generator[Changes, None, None]:
        """Follow a run for a while."""
        changes = Changes(self._news)
        self._following.setdefault(run_id, []).append(changes)
        try:
            yield changes
        finally:
            left = self._following[run_id]
            left.remove(changes)
            if not left:
                del self._following[run_id]

    def tell(self, run_id: str) -> None:
        """This process has written to the run's log."""
        for changes in self._following.get(run_id, ()):
            changes.tell()
