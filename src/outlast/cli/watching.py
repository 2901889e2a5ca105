"""Following a run, whatever shows it."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any, Protocol

from outlast._clock import pause
from outlast.cli.find_run import is_over
from outlast.cli.operated import OperatedRun
from outlast.records import EventRecord, RunInfo

REFRESH = 0.2
"""So many seconds are between two pictures of a run at the least."""


class Watcher(Protocol):
    """Shows a run while it goes on."""

    def event(self, event: EventRecord) -> None:
        """The next event of its log."""
        ...

    def picture(self, info: RunInfo) -> None:
        """The run as it stands. Comes a few times a second while nothing else happens."""
        ...

    def stopping(self) -> None:
        """The process was asked to stop, and does so as soon as what is in flight allows."""
        ...

    def shown(self) -> AbstractContextManager[object]:
        """Be there for a while."""
        ...


async def watch(
    run: OperatedRun, watcher: Watcher, serving: asyncio.Task[None] | None = None
) -> bool:
    """Show the run until it is over (or blocked): then true; or until `serving` returns, because the
    process was asked to stop: then false. What `serving` raises is raised."""
    following = asyncio.create_task(_follow(run, watcher))
    tasks: set[asyncio.Task[Any]] = {following} if serving is None else {following, serving}
    try:
        done: set[asyncio.Task[Any]] = set()
        while not done:
            watcher.picture(await run.info())
            done, _ = await asyncio.wait(
                tasks, timeout=REFRESH, return_when=asyncio.FIRST_COMPLETED
            )
        for task in done:
            task.result()
        return following in done
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _follow(run: OperatedRun, watcher: Watcher) -> None:
    """Until the run is over, or blocked and not about to be tried again."""
    position = 0
    while True:
        async for event in run.follow(position):
            watcher.event(event)
            position = event.position + 1
        if await is_over(run):
            return
        await pause(REFRESH)
