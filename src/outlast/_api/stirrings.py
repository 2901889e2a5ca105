"""Hearing that anything at all was written to the world, by this process or by another."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from outlast._api.app import App
from outlast._clock import Micros
from outlast._runtime.followers import Changes
from outlast.errors import WorldError
from outlast.instrument import Instrument
from outlast.world import News


@contextmanager
def stirrings(app: App) -> Generator[Changes]:
    """Hear for a while whenever something is written. It does not say what.

    Its `next` raises `WorldError` once the world is closed.
    """
    runtime, changes = app.runtime, Changes()
    own = _Own(changes)
    runtime.observers.add(own)
    listening = asyncio.get_running_loop().create_task(_listen(runtime.world.news, changes))
    try:
        yield changes
    finally:
        listening.cancel()
        runtime.observers.remove(own)


class _Own(Instrument):
    """What this process writes is no news to it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def committed(self, events: int, runs: int, duration: Micros) -> None:
        self._changes.tell()

    def run_claimed(self, run_id: str, epoch: int) -> None:
        self._changes.tell()


async def _listen(news: News, changes: Changes) -> None:
    mark = news.mark()
    while True:
        try:
            mark = await news.changed(mark)
        except WorldError as error:
            changes.tell(error)
            return
        changes.tell()
