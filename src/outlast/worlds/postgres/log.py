"""Writing runs and reading their logs, in PostgreSQL."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from msgspec.structs import replace

from outlast.world import Batch, ClaimRequest, Receipt, StoredEvent
from outlast.worlds.planning import (
    Glimpses,
    Known,
    Plan,
    Wanted,
    glimpsed,
    plan,
    wanted,
    with_owners,
)
from outlast.worlds.postgres.clock import DatabaseTime
from outlast.worlds.postgres.connecting import Connection
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import (
    BEGINNING,
    claimed_runs,
    events,
    findable,
    known,
    wishes,
)
from outlast.worlds.postgres.faults import RACES, crowded
from outlast.worlds.postgres.hooks import hook_changes, hook_keys, hook_records
from outlast.worlds.postgres.news import PostgresNews
from outlast.worlds.postgres.writing import (
    changes_nothing,
    claim_parameters,
    is_urgent,
    only_growth,
    plan_parameters,
)

_HOPEFUL = 4
"""So many times a plan is tried without keeping others from the rows."""
_TRIES = 20
PART = 32 * 1024 * 1024
"""Bytes of a log after which an answer ends. The server has none of a gigabyte, and takes too long for one that is
nearly as large."""


class PostgresLog:
    """The event logs of all runs."""

    def __init__(
        self,
        url: str,
        queries: Mapping[str, str],
        writing: Connections,
        reading: Connections,
        time: DatabaseTime,
        news: PostgresNews,
        glimpses: Glimpses,
    ) -> None:
        self._url = url
        self._queries = queries
        self._writing = writing
        self._reading = reading
        self._time = time
        self._news = news
        self._glimpses = glimpses

    async def commit(self, batch: Batch) -> Receipt:
        """Write the batch as one transaction, durable on return."""
        return await self._writing.call(lambda connection: self._commit(connection, batch))

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        """The events of a log from position `after` on."""
        found: list[StoredEvent] = []
        more = True
        while more:
            left = None if limit is None else limit - len(found)
            places, data, more = await self._part(run_id, after + len(found), left)
            found += events(places, data).get(run_id, ())
        return tuple(found)

    async def ask_time(self) -> None:
        """Learn what time the database has."""
        asked = self._time.asked()
        now = await self._writing.call(
            lambda connection: connection.fetchval(self._queries["time"])
        )
        self._time.told(asked, now)

    async def _part(self, run_id: str, after: int, limit: int | None) -> asyncpg.Record:
        """As much as one answer takes, and whether there is more."""
        wish = (findable(run_id), after, limit, PART)
        (row,) = await self._reading.call(
            lambda connection: connection.fetch(self._queries["read"], *wish)
        )
        return row

    async def _commit(self, connection: Connection, batch: Batch) -> Receipt:
        """Plan on what is likely or was told, and write if it was right; else plan again on what the answer
        tells. After a few times others are kept out."""
        likely = glimpsed(batch, self._glimpses.take(batch))
        for tried in range(_TRIES):
            try:
                if tried < _HOPEFUL:
                    written = await self._write(connection, batch, likely)
                else:
                    async with connection.transaction(isolation="read_committed"):
                        await connection.execute(
                            self._queries["lock_runs"], wishes(wanted(batch))[0]
                        )
                        written = await self._write(connection, batch, None)
            except RACES:
                likely = None
                continue
            if isinstance(written, Plan):
                if not changes_nothing(written):
                    self._news.written(urgent=is_urgent(written))
                return written.receipt
            likely = written
        raise crowded(self._url, _TRIES)

    async def _write(
        self, connection: Connection, batch: Batch, likely: Known | None
    ) -> Plan | Known | None:
        """Write the plan that is made on `likely`, or on what the database tells. Gives the plan if it was
        written, and otherwise what to plan on next."""
        if likely is None:
            likely = await self._ask(connection, batch)
        planned = plan(batch, likely, self._time.now())
        if changes_nothing(planned):
            return planned
        single = only_growth(planned)
        asked = self._time.asked()
        if single is not None:
            now = await connection.fetchval(self._queries["advance_one"], *single)
            if now is None:
                return None
            self._time.told(asked, now)
            return planned
        needs = wanted(batch)
        parameters = (*plan_parameters(planned, batch), *wishes(needs))
        row = await self._send(connection, planned, batch.claim, parameters)
        self._time.told(asked, row["now"])
        if row["states"] is None:
            return _with_claimed(planned, row) if "claimed" in row else planned
        return None if needs.tokens else known(row)

    async def _send(
        self,
        connection: Connection,
        planned: Plan,
        claim: ClaimRequest | None,
        parameters: tuple[Any, ...],
    ) -> asyncpg.Record:
        """Write the plan with the least that does all of it."""
        hooks = hook_changes(planned) if planned.hooks else None
        if planned.woken and claim is not None:
            query = "write_plan_and_claim"
            parameters += (hooks, *claim_parameters(planned, claim, BEGINNING))
        elif hooks is not None:
            query = "write_plan_and_hooks"
            parameters += (hooks,)
        else:
            query = "write_plan"
        (row,) = await connection.fetch(self._queries[query], *parameters)
        return row

    async def _ask(self, connection: Connection, batch: Batch) -> Known:
        needs = wanted(batch)
        if not needs.tokens:
            return await self._known(connection, needs)
        asked = self._time.asked()
        tokens, keys = zip(*needs.hook_keys, strict=True) if needs.hook_keys else ((), ())
        (row,) = await connection.fetch(
            self._queries["known_with_hooks"], *wishes(needs), needs.tokens, tokens, keys
        )
        self._time.told(asked, row["now"])
        hooks, delivered = hook_records(row["hooks"]), hook_keys(row["hook_keys"])
        whole = with_owners(needs, hooks.values())
        # Runs that only their tokens tell are looked at later than these: if more has happened to a hook or a key
        # by then, the plan does not fit.
        found = known(row) if whole == needs else await self._known(connection, whole)
        return replace(found, hooks=hooks, hook_keys=delivered)

    async def _known(self, connection: Connection, needs: Wanted) -> Known:
        asked = self._time.asked()
        (row,) = await connection.fetch(self._queries["known"], *wishes(needs))
        self._time.told(asked, row["now"])
        return known(row)


def _with_claimed(planned: Plan, row: asyncpg.Record) -> Plan:
    claimed = claimed_runs(row["claimed"], row["claimed_places"], row["claimed_data"])
    return replace(planned, receipt=replace(planned.receipt, claimed=claimed))
