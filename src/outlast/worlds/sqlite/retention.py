"""Deleting what is over, in SQLite."""

import sqlite3

from outlast.world import PruneRequest
from outlast.worlds.sqlite.encoding import NOTHING, ask, change, some
from outlast.worlds.sqlite.queries import QUERIES
from outlast.worlds.sqlite.threads import ConnectionThread

_PARTS = (
    "prune_events",
    "prune_attributes",
    "prune_steps",
    "prune_streams",
    "prune_stream_writers",
    "prune_stream_segments",
    "prune_runs",
)
"""The rows of the runs last: the others are found by them."""


class SqliteRetention:
    """Deletes runs that have ended."""

    def __init__(self, writer: ConnectionThread) -> None:
        self._writer = writer

    async def prune(self, request: PruneRequest) -> int:
        """Delete the runs that ended first, of those that fit."""
        return await self._writer.call(lambda connection: _prune(connection, request))


def _prune(connection: sqlite3.Connection, request: PruneRequest) -> int:
    wish = {
        "ended_before": request.ended_before,
        "statuses": some(request.statuses),
        "workflows": some(request.workflows),
        "limit": request.limit,
    }
    if ask(connection, "over", wish) == NOTHING:  # a look first, without the lock
        return 0
    connection.execute(QUERIES["begin"])
    picked = {"picked": ask(connection, "over", wish)}
    *_, deleted = [change(connection, part, picked) for part in _PARTS]
    connection.execute(QUERIES["commit"])
    return deleted
