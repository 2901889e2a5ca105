"""Hearing of runs that change: the page of a list, watched."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final

import msgspec

from outlast import App
from outlast._api.listing import RunFilters
from outlast.errors import WorldUnavailableError
from outlast.http.feeds import event
from outlast.records import RunInfo, RunPage

LOOK_EVERY: Final = 0.5
"""Seconds between two looks."""


async def run_changes(app: App, filters: RunFilters, first: RunPage) -> AsyncGenerator[bytes]:
    """Events named `run`: each run of the first page, oldest first, then each that is new in it or differs.

    A reader that comes back gets the page again; so nothing of it is missed, whatever happened meanwhile.
    """
    known: dict[str, RunInfo] = {}
    page = first
    while True:
        for run in reversed(page.runs):
            if known.get(run.id) != run:
                yield event(msgspec.json.encode(run), name="run")
        known = {run.id: run for run in page.runs}
        await _pause()
        with suppress(WorldUnavailableError):  # for now: it is looked at again
            page = await app.list_runs(**filters)


async def _pause() -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_EVERY):
            await asyncio.Event().wait()
