"""Reading what there is, in SQLite."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain, pairwise

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import TERMINAL, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.world import Happened, HookPage, RunFilter, RunPage
from outlast.worlds.cursors import Cursor, cursor_after, hook_cursor_after, place, read_cursor
from outlast.worlds.orders import in_order
from outlast.worlds.sqlite.encoding import (
    Parameters,
    ask,
    attribute_value,
    change,
    ids,
    json_text,
    records,
    some,
)
from outlast.worlds.sqlite.hook_encoding import hook_records
from outlast.worlds.sqlite.threads import ConnectionThread

_EARLIEST, _LATEST = -(2**63), 2**63 - 1

_decode_run = msgspec.json.Decoder(RunRecord).decode
_decode_counts = msgspec.json.Decoder(dict[RunStatus, int]).decode
_decode_series = msgspec.json.Decoder(tuple[Happened, ...]).decode
_decode_workers = msgspec.json.Decoder(tuple[WorkerRecord, ...]).decode


class SqliteListing:
    """Runs, workers and manifests, for reading."""

    def __init__(self, writer: ConnectionThread, reader: ConnectionThread) -> None:
        self._writer = writer
        self._reader = reader

    async def get(self, run_id: str) -> RunRecord | None:
        """The row of a run."""
        text = await self._reader.promptly(
            lambda connection: ask(connection, "get", {"run_id": run_id})
        )
        return None if text is None else _decode_run(text)

    async def find(
        self, run_filter: RunFilter, *, limit: int, cursor: str | None = None
    ) -> RunPage:
        """A page of the runs that fit."""
        order = run_filter.order
        after = read_cursor(cursor, order)
        questions = _questions(run_filter, _parameters(run_filter, after, limit))

        def find(connection: sqlite3.Connection) -> list[RunRecord]:
            found = [
                records(ask(connection, in_order(query, order), wish)) for query, wish in questions
            ]
            return sorted(
                chain(*found), key=lambda run: place(run, order), reverse=order.descending
            )

        runs = tuple(await self._reader.call(find))
        if len(runs) <= limit:
            return RunPage(runs, None)
        page = runs[:limit]
        return RunPage(page, cursor_after(page[-1], order) if page else None)

    async def counts(self, *, most: int) -> Mapping[RunStatus, int]:
        """How many runs there are of each status."""
        wish = {"statuses": json_text(list(RunStatus)), "most": most}
        return _decode_counts(await self._reader.call(lambda c: ask(c, "counts", wish)))

    async def series(self, edges: Sequence[Micros], *, most: int) -> tuple[Happened, ...]:
        """What happened between each edge and the next."""
        wish = {"stretches": json_text(list(pairwise(edges))), "most": most}
        return _decode_series(await self._reader.call(lambda c: ask(c, "series", wish)))

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of the runs that are over, or blocked."""
        wish = {"run_ids": json_text(list(run_ids))}
        text = await self._reader.call(lambda connection: ask(connection, "ended", wish))
        return frozenset(ids(text))

    async def hook(self, token: str) -> HookRecord | None:
        """The hook that has the token."""
        wish = {"tokens": json_text([token])}
        text = await self._reader.promptly(lambda connection: ask(connection, "hook_states", wish))
        return next(iter(hook_records(text)), None)

    async def hooks(
        self, run_id: str | None = None, *, limit: int, cursor: str | None = None
    ) -> HookPage:
        """A page of hooks, newest first."""
        before = read_cursor(cursor)
        wish = {
            "run_id": run_id,
            "before_at": before.at,
            "before_token": before.id,
            "limit": limit + 1,
        }
        text = await self._reader.call(lambda connection: ask(connection, "hooks", wish))
        hooks = tuple(hook_records(text))
        page = hooks[:limit]
        more = page and len(hooks) > limit
        return HookPage(page, hook_cursor_after(page[-1]) if more else None)

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        return _decode_workers(await self._reader.call(lambda c: ask(c, "workers")))

    async def save_manifest(self, version: str, at: Micros, data: bytes) -> None:
        """Keep the manifest, unless this version has one."""
        wish = {"version": version, "at": at, "data": data}
        await self._writer.call(lambda connection: change(connection, "save_manifest", wish))

    async def manifest(self, version: str) -> bytes | None:
        """The manifest of a version."""
        wish = {"version": version}
        return await self._reader.call(lambda connection: ask(connection, "manifest", wish))


def _questions(wish: RunFilter, parameters: Parameters) -> list[tuple[str, Parameters]]:
    """The queries that look at the fewest runs, as far as the filter tells: of each at most a page."""
    if wish.ids:
        return [("find_by_ids", parameters)]
    if wish.parent is not None:
        return [("find_by_parent", parameters)]
    if wish.attributes:
        return [("find_by_attribute", parameters)]
    if (
        wish.workflows
        and not wish.order.by_end
        and (not wish.statuses or RunStatus.COMPLETED in wish.statuses)
    ):
        # Of an old table most runs are completed: then the workflow tells more than the status.
        return [
            ("find_by_workflow", {**parameters, "workflow": one}) for one in set(wish.workflows)
        ]
    query, statuses = "find_by_status", frozenset(wish.statuses)
    if wish.order.by_end:
        query, statuses = "find_over", (statuses or TERMINAL) & TERMINAL
    elif not statuses:
        return [("find", parameters)]
    return [(query, {**parameters, "status": one}) for one in statuses]


def _parameters(wish: RunFilter, after: Cursor, limit: int) -> Parameters:
    attributes = [(name, attribute_value(value)) for name, value in wish.attributes.items()]
    name, value = attributes[0] if attributes else (None, None)
    return {
        "ids": some(wish.ids),
        "statuses": some(wish.statuses),
        "workflows": some(wish.workflows),
        "versions": some(wish.versions),
        "parent": wish.parent,
        "attributes": some(attributes),
        "attribute_name": name,
        "attribute_value": value,
        "created_from": _EARLIEST if wish.created_from is None else wish.created_from,
        "created_to": _LATEST if wish.created_to is None else wish.created_to,
        "after_at": after.at,
        "after_id": after.id,
        "limit": limit + 1,  # one more tells whether there is another page
    }
