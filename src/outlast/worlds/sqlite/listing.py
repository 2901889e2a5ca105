"""Reading what there is, in SQLite."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import TERMINAL, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.world import Happened, HookPage, RunFilter, RunOrder, RunPage
from outlast.worlds.counting import Ends, Stretch, happened
from outlast.worlds.cursors import hook_page, read_cursor
from outlast.worlds.finding import find_page
from outlast.worlds.planning import Glimpses
from outlast.worlds.sqlite.connecting import file_identity
from outlast.worlds.sqlite.encoding import ask, change, ids, json_text
from outlast.worlds.sqlite.faults import gone
from outlast.worlds.sqlite.finding import Finding
from outlast.worlds.sqlite.hook_encoding import hook_and_run, hook_records
from outlast.worlds.sqlite.queries import QUERIES
from outlast.worlds.sqlite.threads import ConnectionThread

_decode_run = msgspec.json.Decoder(RunRecord).decode
_decode_counts = msgspec.json.Decoder(dict[RunStatus, int]).decode
_decode_workers = msgspec.json.Decoder(tuple[WorkerRecord, ...]).decode


class SqliteListing:
    """Runs, workers and manifests, for reading."""

    def __init__(
        self, path: Path, writer: ConnectionThread, reader: ConnectionThread, glimpses: Glimpses
    ) -> None:
        self._path = path
        self._file: int | None = None
        self._writer = writer
        self._reader = reader
        self._glimpses = glimpses

    def opened(self) -> None:
        """The file is open: from now on it is to be this one."""
        self._file = file_identity(self._path)

    def _check_file(self) -> None:
        """Raise `WorldUnavailableError` if the file is gone: SQLite would go on showing what nobody else can see."""
        if file_identity(self._path) != self._file:
            raise gone(f"sqlite:///{self._path}")

    async def get(self, run_id: str) -> RunRecord | None:
        """The row of a run."""
        self._check_file()
        text = await self._reader.promptly(
            lambda connection: ask(connection, "get", {"run_id": run_id})
        )
        return None if text is None else _decode_run(text)

    async def find(
        self, run_filter: RunFilter, *, limit: int, cursor: str | None = None
    ) -> RunPage:
        """A page of the runs that fit."""
        self._check_file()
        return await find_page(Finding(self._reader), run_filter, limit=limit, cursor=cursor)

    async def counts(self, *, most: int) -> Mapping[RunStatus, int]:
        """How many runs there are of each status."""
        self._check_file()
        wish = {"statuses": json_text(list(RunStatus)), "most": most}
        return _decode_counts(await self._reader.call(lambda c: ask(c, "counts", wish)))

    async def series(self, edges: Sequence[Micros], *, most: int) -> tuple[Happened, ...]:
        """What happened between each edge and the next."""
        stretches = [Stretch(*pair) for pair in pairwise(edges)]

        def count(connection: sqlite3.Connection) -> dict[RunStatus | None, list[Ends]]:
            return {
                status: [_ends(connection, stretch, most, status) for stretch in stretches]
                for status in (None, *TERMINAL)
            }

        return happened(stretches, await self._reader.call(count), most)

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of the runs that are over, or blocked."""
        wish = {"run_ids": json_text(list(run_ids))}
        text = await self._reader.call(lambda connection: ask(connection, "ended", wish))
        return frozenset(ids(text))

    async def hook(self, token: str) -> HookRecord | None:
        """The hook that has the token."""
        row = await self._reader.promptly(
            lambda connection: connection.execute(QUERIES["hook"], {"token": token}).fetchone()
        )
        if row is None:
            return None
        hook, run = hook_and_run(row)
        self._glimpses.saw(hook, run)
        return hook

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
        wish = {"run_id": run_id, "at": last.at, "last": last.id, "limit": limit + 1}
        query = f"hooks{'' if run_id is None else '_of_run'}_{order.name.lower()}"
        text = await self._reader.call(lambda connection: ask(connection, query, wish))
        return hook_page(hook_records(text), limit, order)

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        self._check_file()
        return _decode_workers(await self._reader.call(lambda c: ask(c, "workers")))

    async def save_manifest(
        self, version: str, at: Micros, data: bytes, *, over: bytes | None = None
    ) -> bool:
        """Keep the manifest, unless this version has another one than was thought."""
        wish = {"version": version, "at": at, "data": data, "over": over}
        return bool(await self._writer.call(lambda c: change(c, "save_manifest", wish)))

    async def manifest(self, version: str) -> bytes | None:
        """The manifest of a version."""
        wish = {"version": version}
        return await self._reader.call(lambda connection: ask(connection, "manifest", wish))


def _ends(
    connection: sqlite3.Connection, stretch: Stretch, most: int, status: RunStatus | None
) -> Ends:
    what = "created" if status is None else "ended"
    wish = {"start": stretch.start, "stop": stretch.stop, "most": most, "status": status}
    early, edge = connection.execute(QUERIES[f"early_{what}"], wish).fetchone()
    if early < (most + 1) // 2:
        return Ends(early, early, None, 0, None)
    wish = {**wish, "edge": edge}
    (before,) = connection.execute(QUERIES[f"before_{what}"], wish).fetchone()
    wish = {**wish, "before": before}
    late, late_edge = connection.execute(QUERIES[f"late_{what}"], wish).fetchone()
    return Ends(early, before, edge, late, late_edge)
