"""Writing runs and reading their logs, in SQLite."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from outlast._clock import Clock
from outlast._model.hooks import HookRecord
from outlast.world import Batch, ClaimRequest, Receipt, StepKey, StoredEvent
from outlast.worlds.planning import (
    Glimpse,
    Glimpses,
    Known,
    Plan,
    StepState,
    Wanted,
    glimpsed,
    plan,
    wanted,
    with_owners,
)
from outlast.worlds.sqlite.connecting import make_room
from outlast.worlds.sqlite.encoding import (
    ask,
    delivery_parameters,
    events,
    growth_parameters,
    json_text,
    keys,
    only_delivers,
    only_grows,
    plan_parameters,
    states,
)
from outlast.worlds.sqlite.hook_encoding import hook_keys, hook_records
from outlast.worlds.sqlite.queries import QUERIES
from outlast.worlds.sqlite.step_encoding import keys_text, step_states
from outlast.worlds.sqlite.taking import take_woken
from outlast.worlds.sqlite.threads import ConnectionThread

_MANY = 100  # commits of a process, after which it makes room for more
_SMALL = 8  # parts of a batch; above that its writing has enough to do to be worth a thread
_ALL = -1  # as SQLite's LIMIT has it


class SqliteLog:
    """The event logs of all runs."""

    def __init__(
        self,
        path: Path,
        writer: ConnectionThread,
        reader: ConnectionThread,
        clock: Clock,
        glimpses: Glimpses,
    ) -> None:
        self._path = path
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._glimpses = glimpses
        self._commits = 0

    def commit(self, batch: Batch) -> Awaitable[Receipt]:
        """Write the batch as one transaction, durable once it is answered."""
        size = len(batch.advances) + len(batch.creates) + len(batch.appends)
        size += len(batch.settles) + len(batch.deliveries)
        # Here: what they hold belongs to the event loop's thread.
        work = partial(self._commit, batch=batch, glimpses=self._glimpses.take(batch))
        self._commits += 1
        if self._commits == _MANY:
            return self._writer.promptly(lambda c: self._commit_with_room(c, work), small=False)
        return self._writer.promptly(work, small=size <= _SMALL)

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        """The events of a log from position `after` on."""
        wish = {"run_id": run_id, "after": after, "limit": _ALL if limit is None else limit}

        def read(connection: sqlite3.Connection) -> tuple[StoredEvent, ...]:
            row = connection.execute(QUERIES["read"], wish).fetchone()
            return tuple(events(row).get(run_id, ()))

        return await self._reader.call(read)

    def _commit_with_room(
        self, connection: sqlite3.Connection, commit: Callable[[sqlite3.Connection], Receipt]
    ) -> Receipt:
        """Who has committed so often goes on: then the room in the log is worth the twenty milliseconds."""
        make_room(connection, self._path)
        return commit(connection)

    def _commit(
        self, connection: sqlite3.Connection, batch: Batch, glimpses: Sequence[Glimpse | None]
    ) -> Receipt:
        known = glimpsed(batch, glimpses)
        if known is not None:
            planned = plan(batch, known, self._clock.now())
            # A row is not what was likely, and nothing was written: or else it is over with this.
            with suppress(sqlite3.IntegrityError):
                return self._carry_out(connection, planned, batch.claim)
        if not connection.in_transaction:
            connection.execute(QUERIES["begin"])
        planned = plan(batch, _known(connection, wanted(batch)), self._clock.now())
        planned.hooks.used.clear()  # they are known to be there
        return self._carry_out(connection, planned, batch.claim)

    def _carry_out(
        self, connection: sqlite3.Connection, planned: Plan, request: ClaimRequest | None
    ) -> Receipt:
        """Write the plan and take what it wakes, and commit. Raises `sqlite3.IntegrityError`, having written nothing,
        if the plan does not fit the rows."""
        receipt = planned.receipt
        if planned.woken and request is not None:
            if not connection.in_transaction:
                connection.execute(QUERIES["begin"])
            self._write(connection, planned)
            taken = take_woken(connection, planned.woken, request, receipt.at)
            receipt = replace(receipt, claimed=taken)
        else:
            self._write(connection, planned)  # by itself this is a transaction
        if connection.in_transaction:
            connection.execute(QUERIES["commit"])
        return receipt

    def _write(self, connection: sqlite3.Connection, planned: Plan) -> None:
        """Write the plan, in one statement."""
        if only_grows(planned):
            connection.execute(QUERIES["write_growth"], growth_parameters(planned))
        elif only_delivers(planned):
            connection.execute(QUERIES["write_deliveries"], delivery_parameters(planned))
        else:
            connection.execute(QUERIES["write"], plan_parameters(planned))


def _known(connection: sqlite3.Connection, needs: Wanted) -> Known:
    """What there is about the runs of a batch. The write lock must be held."""
    hooks, delivered = _hooks(connection, needs)
    needs = with_owners(needs, hooks.values()) if hooks else needs
    found = states(ask(connection, "states", {"run_ids": json_text(needs.run_ids)}))
    behind = [
        (run_id, seen)
        for run_id, seen in needs.seen.items()
        if run_id in found and seen < found[run_id].position
    ]
    taken = (
        keys(ask(connection, "taken_keys", {"keys": json_text(needs.keys)})) if needs.keys else {}
    )
    tails = _tails(connection, behind) if behind else {}
    steps = _steps(connection, needs) if needs.steps else {}
    return Known(found, taken, tails, steps, hooks, delivered)


def _tails(
    connection: sqlite3.Connection, behind: list[tuple[str, int]]
) -> dict[str, list[StoredEvent]]:
    row = connection.execute(QUERIES["tails"], {"wanted": json_text(behind)}).fetchone()
    return events(row)


def _steps(connection: sqlite3.Connection, needs: Wanted) -> dict[StepKey, StepState]:
    return step_states(ask(connection, "step_states", {"keys": keys_text(needs.steps)}))


def _hooks(
    connection: sqlite3.Connection, needs: Wanted
) -> tuple[dict[str, HookRecord], set[tuple[str, str]]]:
    if not needs.tokens:
        return {}, set()
    found = hook_records(ask(connection, "hook_states", {"tokens": json_text(needs.tokens)}))
    delivered = ask(connection, "delivered_keys", {"keys": json_text(needs.hook_keys)})
    return {hook.token: hook for hook in found}, hook_keys(delivered)
