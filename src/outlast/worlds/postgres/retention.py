"""Deleting what is over, in PostgreSQL."""

from collections.abc import Mapping

from outlast.world import PruneRequest
from outlast.worlds.postgres.connecting import PATIENTLY
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import some


class PostgresRetention:
    """Deletes runs that have ended."""

    def __init__(self, queries: Mapping[str, str], connections: Connections) -> None:
        self._queries = queries
        self._connections = connections

    async def prune(self, request: PruneRequest) -> int:
        """Delete the runs that ended first, of those that fit. Others that prune at the same time take
        others."""
        deleted: int = await self._connections.call(
            lambda connection: connection.fetchval(
                self._queries["prune"],
                request.ended_before,
                some(request.statuses),
                some(request.workflows),
                request.limit,
                timeout=PATIENTLY,
            )
        )
        return deleted
