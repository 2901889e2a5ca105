"""Writing runs and reading their logs, in PostgreSQL."""

from collections.abc import Mapping

from msgspec.structs import replace

from outlast._model.hooks import HookRecord
from outlast.world import Batch, Receipt, StoredEvent
from outlast.worlds.planning import Known, Plan, Wanted, plan, predicted, wanted, with_owners
from outlast.worlds.postgres.clock import DatabaseTime
from outlast.worlds.postgres.connecting import Connection
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import events, findable, known, wishes
from outlast.worlds.postgres.faults import RACES, crowded
from outlast.worlds.postgres.hooks import hook_changes, hook_keys, hook_record
from outlast.worlds.postgres.news import PostgresNews
from outlast.worlds.postgres.writing import (
    changes_nothing,
    is_urgent,
    only_growth,
    plan_parameters,
)

_HOPEFUL = 4
"""So many times a plan is tried without keeping others from the rows."""
_TRIES = 20


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
    ) -> None:
        self._url = url
        self._queries = queries
        self._writing = writing
        self._reading = reading
        self._time = time
        self._news = news

    async def commit(self, batch: Batch) -> Receipt:
        """Write the batch as one transaction, durable on return."""
        return await self._writing.call(lambda connection: self._commit(connection, batch))

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        """The events of a log from position `after` on."""
        (row,) = await self._reading.call(
            lambda connection: connection.fetch(
                self._queries["read"], findable(run_id), after, limit
            )
        )
        return tuple(events(row[0], row[1]).get(run_id, ()))

    async def ask_time(self) -> None:
        """Learn what time the database has."""
        asked = self._time.asked()
        now = await self._writing.call(
            lambda connection: connection.fetchval(self._queries["time"])
        )
        self._time.told(asked, now)

    async def _commit(self, connection: Connection, batch: Batch) -> Receipt:
        """Plan on what is likely or was told, and write if it was right; else plan again on what the answer
        tells. After a few times others are kept out."""
        likely = predicted(batch)
        for tried in range(_TRIES):
            try:
                if tried < _HOPEFUL:
                    written = await self._write(connection, batch, likely)
                else:
                    async with connection.transaction():
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
        (row,) = (
            await connection.fetch(
                self._queries["write_plan_and_hooks"], *parameters, hook_changes(planned)
            )
            if planned.hooks
            else await connection.fetch(self._queries["write_plan"], *parameters)
        )
        self._time.told(asked, row["now"])
        if row["states"] is None:
            return planned
        return None if needs.tokens else known(row)

    async def _ask(self, connection: Connection, batch: Batch) -> Known:
        needs = wanted(batch)
        hooks = await self._hooks(connection, needs)
        delivered = await self._delivered(connection, needs)
        asked = self._time.asked()
        wish = wishes(with_owners(needs, hooks.values()))
        (row,) = await connection.fetch(self._queries["known"], *wish)
        self._time.told(asked, row["now"])
        return replace(known(row), hooks=hooks, hook_keys=delivered)

    async def _hooks(self, connection: Connection, needs: Wanted) -> dict[str, HookRecord]:
        if not needs.tokens:
            return {}
        rows = await connection.fetch(self._queries["hook_states"], needs.tokens)
        return {row["token"]: hook_record(row) for row in rows}

    async def _delivered(self, connection: Connection, needs: Wanted) -> set[tuple[str, str]]:
        """Which keys were delivered. Asked for after the hooks: a key that was delivered to a later hook
        than was seen there does no harm, since then the plan does not fit."""
        if not needs.hook_keys:
            return set()
        tokens, keys = zip(*needs.hook_keys, strict=True)
        text = await connection.fetchval(self._queries["delivered_keys"], tokens, keys)
        return hook_keys(text)
