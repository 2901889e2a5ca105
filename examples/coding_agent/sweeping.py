"""What is kept, and for how long: a sandbox as long as the run of its chat, and that as the settings say."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from examples.coding_agent.agent import sandboxes_of
from examples.coding_agent.chats import CODE
from examples.coding_agent.settings import keep, sandboxes
from outlast import App, RunStatus
from outlast.errors import OutlastError
from outlast.records import RunInfo

EVERY: Final = 3_600.0
"""Seconds between two looks."""
logger: Final = logging.getLogger(__name__)


async def sweep_forever(app: App) -> None:
    """Sweep now, and from time to time. What goes wrong goes better the next time."""
    while True:
        try:
            await sweep(app)
        except (OutlastError, OSError):
            logger.warning("sandboxes could not be swept", exc_info=True)
        await asyncio.sleep(EVERY)


async def sweep(app: App) -> list[str]:
    """End the chats that nobody has used for long, and remove the sandboxes of chats that are gone from the log. Gives
    the ids of these sandboxes."""
    # Before the runs: who has a sandbox is in the log by then.
    found = await asyncio.to_thread(sandboxes().ids)
    known: set[str] = set()
    async for info in _chats(app):
        known.add(sandboxes_of(info.id))
        if _is_forgotten(info):
            with suppress(OutlastError):  # it was used just now, or has ended
                await app.get_run(info.id).cancel("nobody has used it for long")
    gone = [one for one in found if one.rpartition("-")[0] not in known]
    for one in gone:
        await asyncio.to_thread(sandboxes().remove, one)
    return gone


async def _chats(app: App) -> AsyncIterator[RunInfo]:
    """The runs of the chats with the agent."""
    cursor: str | None = None
    while True:
        page: Any = await app.list_runs(workflow=CODE, limit=1_000, cursor=cursor)
        for info in page.runs:
            yield info
        cursor = page.cursor
        if cursor is None:
            return


def _is_forgotten(info: RunInfo) -> bool:
    """Whether it has waited for the next message for longer than chats are kept."""
    if info.status is not RunStatus.SUSPENDED or info.attributes.get("state") != "idle":
        return False
    used = datetime.fromisoformat(str(info.attributes["updated"]))
    return datetime.now(UTC) - used > timedelta(days=keep())
