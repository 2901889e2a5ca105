"""Reading what there is, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import TERMINAL, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.world import Happened, HookPage, RunFilter, RunOrder, RunPage
from outlast.worlds.counting import Ends, Stretch, happened
from outlast.worlds.cursors import hook_page, read_cursor
from outlast.worlds.finding import find_page
from outlast.worlds.planning import Glimpses
from outlast.worlds.postgres.connecting import Connection
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import (
    findable,
    record,
    run_state,
    some,
    workers,
)
from outlast.worlds.postgres.finding import Finding
from outlast.worlds.postgres.gathering import Gathering
from outlast.worlds.postgres.hooks import hook_record


class PostgresListing:
    """Runs, workers and manifests, for reading."""

    def __init__(
        self, queries: Mapping[str, str], connections: Connections, glimpses: Glimpses
    ) -> None:
        self._queries = queries
        self._connections = connections
        self._glimpses = glimpses
        self._hooks = Gathering(self._read_hooks, connections.clock)

    async def get(self, run_id: str) -> RunRecord | None:
        """The row of a run."""
        text = await self._value("get", findable(run_id))
        return None if text is None else record(text)

    async def find(
        self, run_filter: RunFilter, *, limit: int, cursor: str | None = None
    ) -> RunPage:
        """A page of the runs that fit."""

        async def find(connection: Connection) -> RunPage:
            async with connection.transaction():
                await connection.fetch(self._queries["plan_anew"])
                asked = Finding(connection, self._queries)
                return await find_page(asked, run_filter, limit=limit, cursor=cursor)

        return await self._connections.call(find)

    async def counts(self, *, most: int) -> Mapping[RunStatus, int]:
        """How many runs there are of each status."""
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["counts"], list(RunStatus), most)
        )
        return {RunStatus(status): count for status, count in rows}

    async def series(self, edges: Sequence[Micros], *, most: int) -> tuple[Happened, ...]:
        """What happened between each edge and the next."""
        stretches = [Stretch(*pair) for pair in pairwise(edges)]
        wish = (edges[:-1], edges[1:], most)

        async def count(connection: Connection) -> dict[RunStatus | None, list[Ends]]:
            fetch, ended = connection.fetch, self._queries["series_ended"]
            counted: dict[RunStatus | None, list[Ends]] = {
                None: [Ends(*row) for row in await fetch(self._queries["series_created"], *wish)]
            }
            for status in sorted(TERMINAL):
                counted[status] = [Ends(*row) for row in await fetch(ended, *wish, status)]
            return counted

        return happened(stretches, await self._connections.call(count), most)

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of the runs that are over, or blocked."""
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["ended"], some(run_ids) or [])
        )
        return frozenset([str(row[0]) for row in rows])

    async def hook(self, token: str) -> HookRecord | None:
        """The hook that has the token."""
        return await self._hooks.get(findable(token))

    async def _read_hooks(self, tokens: Sequence[str]) -> Mapping[str, HookRecord]:
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["hook_states"], tokens)
        )
        found = {row["token"]: hook_record(row) for row in rows}
        for row in rows:
            if row["status"] is not None:
                self._glimpses.saw(found[row["token"]], run_state(row))
        return found

    async def hooks(
        self,
        run_id: str | None = None,
        *,
        limit: int,
        cursor: str | None = None,
        oldest_first: bool = False,
    ) -> HookPage:
        """A page of hooks, newest or oldest first."""
        order = RunOrder.OLDEST if oldest_first else RunOrder.NEWEST
        last = read_cursor(cursor, order)
        of_run = () if run_id is None else (findable(run_id),)
        query = self._queries[f"hooks{'_of_run' if of_run else ''}_{order.name.lower()}"]
        wish = (last.at, last.id, limit + 1, *of_run)
        rows = await self._connections.call(lambda connection: connection.fetch(query, *wish))
        return hook_page([hook_record(row) for row in rows], limit, order)

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        return workers(await self._value("workers"))

    async def save_manifest(
        self, version: str, at: Micros, data: bytes, *, over: bytes | None = None
    ) -> bool:
        """Keep the manifest, unless this version has another one than was thought."""
        return bool(await self._value("save_manifest", version, at, data, over))

    async def manifest(self, version: str) -> bytes | None:
        """The manifest of a version."""
        data: bytes | None = await self._value("manifest", version)
        return data

    async def _value(self, query: str, *parameters: Any) -> Any:
        return await self._connections.call(
            lambda connection: connection.fetchval(self._queries[query], *parameters)
        )
