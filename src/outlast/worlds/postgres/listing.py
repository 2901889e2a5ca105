"""Reading what there is, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from msgspec.structs import replace

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import TERMINAL, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.world import Happened, HookPage, RunFilter, RunPage
from outlast.worlds.cursors import Cursor, cursor_after, hook_cursor_after, place, read_cursor
from outlast.worlds.orders import in_order
from outlast.worlds.postgres.connecting import Connection
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import (
    attribute_name,
    attribute_value,
    findable,
    record,
    records,
    run_state,
    some,
    workers,
)
from outlast.worlds.postgres.gathering import Gathering
from outlast.worlds.postgres.glimpses import Glimpses
from outlast.worlds.postgres.hooks import hook_record

_EARLIEST, _LATEST = -(2**63), 2**63 - 1


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
        order = run_filter.order
        after = read_cursor(cursor, order)
        questions = [
            (self._queries[in_order(query, order)], _parameters(wish, after, limit))
            for query, wish in _questions(run_filter)
        ]

        async def find(connection: Connection) -> list[RunRecord]:
            async with connection.transaction():
                await connection.fetch(self._queries["plan_anew"])
                found = [records(await connection.fetch(query, *wish)) for query, wish in questions]
            return sorted(
                chain(*found), key=lambda run: place(run, order), reverse=order.descending
            )

        runs = tuple(await self._connections.call(find))
        if len(runs) <= limit:
            return RunPage(runs, None)
        page = runs[:limit]
        return RunPage(page, cursor_after(page[-1], order) if page else None)

    async def counts(self, *, most: int) -> Mapping[RunStatus, int]:
        """How many runs there are of each status."""
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["counts"], list(RunStatus), most)
        )
        return {RunStatus(status): count for status, count in rows}

    async def series(self, edges: Sequence[Micros], *, most: int) -> tuple[Happened, ...]:
        """What happened between each edge and the next."""
        wish = (edges[:-1], edges[1:], most)
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["series"], *wish)
        )
        return tuple(
            Happened(started=row[0], completed=row[1], failed=row[2], cancelled=row[3])
            for row in rows
        )

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
        self, run_id: str | None = None, *, limit: int, cursor: str | None = None
    ) -> HookPage:
        """A page of hooks, newest first."""
        before = read_cursor(cursor)
        of_run = None if run_id is None else findable(run_id)
        wish = (of_run, before.at, before.id, limit + 1)
        rows = await self._connections.call(
            lambda connection: connection.fetch(self._queries["hooks"], *wish)
        )
        page = tuple([hook_record(row) for row in rows[:limit]])
        more = page and len(rows) > limit
        return HookPage(page, hook_cursor_after(page[-1]) if more else None)

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        return workers(await self._value("workers"))

    async def save_manifest(self, version: str, at: Micros, data: bytes) -> None:
        """Keep the manifest, unless this version has one."""
        await self._value("save_manifest", version, at, data)

    async def manifest(self, version: str) -> bytes | None:
        """The manifest of a version."""
        data: bytes | None = await self._value("manifest", version)
        return data

    async def _value(self, query: str, *parameters: Any) -> Any:
        return await self._connections.call(
            lambda connection: connection.fetchval(self._queries[query], *parameters)
        )


def _questions(wish: RunFilter) -> list[tuple[str, RunFilter]]:
    """The queries that look at the fewest runs, as far as the filter tells: of each at most a page."""
    if wish.ids:
        return [("find_by_ids", wish)]
    if wish.parent is not None:
        return [("find_by_parent", wish)]
    if wish.attributes:
        return [("find_by_attribute", wish)]
    if wish.workflows and not wish.order.by_end and not _tells_more(wish):
        workflows = dict.fromkeys(wish.workflows)
        return [("find_by_workflow", replace(wish, workflows=(one,))) for one in workflows]
    if wish.statuses or wish.order.by_end:
        statuses = dict.fromkeys(wish.statuses or sorted(TERMINAL))
        return [("find_by_status", replace(wish, statuses=(one,))) for one in statuses]
    return [("find", wish)]


def _tells_more(wish: RunFilter) -> bool:
    """Whether the status tells more than the workflow: of an old table most runs are completed."""
    return bool(wish.statuses) and RunStatus.COMPLETED not in wish.statuses


def _parameters(wish: RunFilter, after: Cursor, limit: int) -> tuple[Any, ...]:
    names = list(wish.attributes)
    return (
        some(wish.ids),
        some(wish.statuses),
        some(wish.workflows),
        None if wish.parent is None else findable(wish.parent),
        [attribute_name(name) for name in names] or None,
        [attribute_value(wish.attributes[name]) for name in names] or None,
        after.at,
        after.id,
        _EARLIEST if wish.created_from is None else wish.created_from,
        _LATEST if wish.created_to is None else wish.created_to,
        limit + 1,  # one more tells whether there is another page
        some(wish.versions),
    )
