"""Between records and the JSON texts and bytes that go through the SQL."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from outlast._model.runs import Attributes, AttributeValue, RunRecord, RunStatus
from outlast.world import StoredEvent
from outlast.worlds.planning import Plan, RunState
from outlast.worlds.sqlite.hook_encoding import hook_changes, used_hooks
from outlast.worlds.sqlite.queries import QUERIES
from outlast.worlds.sqlite.step_encoding import step_changes

Parameters: TypeAlias = Mapping[str, Any]

NOTHING = "[]"
"""The answer of a query that picks, and finds nothing."""

_encode = msgspec.json.encode


def json_text(value: object) -> str:
    """The value as JSON, as SQLite takes it."""
    return _encode(value).decode()


def some(values: Sequence[object]) -> str | None:
    """A filter: the values that may pass, `None` if all do."""
    return json_text(values) if values else None


def ask(connection: sqlite3.Connection, query: str, parameters: Parameters = {}) -> Any:  # noqa: B006 - never changed
    """The first column of the one row that the query gives, `None` if there is no row."""
    row = connection.execute(QUERIES[query], parameters).fetchone()
    return None if row is None else row[0]


def change(connection: sqlite3.Connection, query: str, parameters: Parameters) -> int:
    """How many rows the query has changed."""
    return connection.execute(QUERIES[query], parameters).rowcount


def attribute_rows(run_id: str, attributes: Attributes) -> Iterator[tuple[str, str, str]]:
    """The rows by which the attributes are searched."""
    for name, value in attributes.items():
        yield (run_id, name, attribute_value(value))


def attribute_value(value: AttributeValue) -> str:
    """The value as it is compared: as JSON, in which 1, true and "1" are apart."""
    return json_text(value)


def only_grows(planned: Plan) -> bool:
    """Whether the plan adds events to logs and does nothing else."""
    return not (planned.woken or planned.hooks) and only_delivers(planned)


def only_delivers(planned: Plan) -> bool:
    """Whether it does no more than that and what comes with payloads of hooks: waking runs, and keeping keys."""
    hooks = planned.hooks
    return not (
        planned.created
        or planned.turned
        or planned.attributes
        or planned.removed
        or planned.requeued
        or planned.dispatched
        or hooks.disposed
        or hooks.freed
        or hooks.put
    )


def growth_parameters(planned: Plan) -> tuple[Any, ...]:
    """The parameters of `write_growth` for a plan that only grows."""
    return (_grown(planned), *_events(planned))


def delivery_parameters(planned: Plan) -> tuple[Any, ...]:
    """The parameters of `write_deliveries` for a plan that only delivers."""
    return (
        _grown(planned),
        _rows(planned.woken),
        planned.receipt.at,
        *_events(planned),
        _rows(used_hooks(planned)),
        _rows(list(planned.hooks.keys)),
    )


def plan_parameters(planned: Plan) -> tuple[Any, ...]:
    """The plan as parameters of `write`. The columns are those that commit.sql takes them for."""
    places, data = _events(planned)
    searched = [
        row
        for attributes in (_new_attributes(planned), planned.attributes)
        for run_id, named in attributes.items()
        for row in attribute_rows(run_id, named)
    ]
    return (
        _rows([_created(run) for run in planned.created]),
        _grown(planned),
        _rows(
            [
                (run_id, t.status, t.due_at, t.waiting, t.problem, t.blocked_digest, t.ended_at)
                for run_id, t in planned.turned.items()
            ]
        ),
        _rows(planned.woken),
        planned.receipt.at,
        _rows(list(planned.attributes.items())),
        _rows(searched),
        places,
        data,
        step_changes(planned),
        hook_changes(planned),
    )


def _rows(rows: "list[Any] | tuple[Any, ...]") -> str | None:
    return _encode(rows).decode() if rows else None


def _new_attributes(planned: Plan) -> dict[str, Attributes]:
    return {run.id: run.attributes for run in planned.created if run.attributes}


def _created(run: RunRecord) -> tuple[Any, ...]:
    parent = run.parent
    return (
        run.id,
        run.workflow,
        run.status,
        run.version,
        run.queue,
        run.priority,
        run.attributes,
        run.due_at,
        run.epoch,
        run.worker,
        run.created_at,
        run.started_at,
        None if parent is None else parent.run_id,
        None if parent is None else parent.ref,
        None if parent is None else parent.detached,
        run.idempotency_key,
    )


def _grown(planned: Plan) -> str | None:
    return _rows(
        [
            (run_id, g.status, g.epoch, g.base, g.position, g.at, g.progress, g.nudged)
            for run_id, g in planned.grown.items()
        ]
    )


def _events(planned: Plan) -> tuple[str | None, bytes]:
    places: list[tuple[str, int, int, str, int, int]] = []
    offset = 1  # substr counts from 1
    for run_id, event in planned.events:
        size = len(event.data)
        places.append((run_id, event.position, event.at, event.kind, offset, size))
        offset += size
    return _rows(places), b"".join([event.data for _, event in planned.events])


class _StateRow(msgspec.Struct, array_like=True):
    run_id: str
    status: RunStatus
    epoch: int
    position: int
    last_at: int
    attributes: Attributes


_decode_states = msgspec.json.Decoder(list[_StateRow]).decode
_decode_records = msgspec.json.Decoder(list[RunRecord]).decode
_decode_places = msgspec.json.Decoder(list[tuple[str, int, int, str, int]]).decode
_decode_keys = msgspec.json.Decoder(dict[str, str]).decode
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode


def states(text: str) -> dict[str, RunState]:
    """Run id -> state."""
    return {
        row.run_id: RunState(row.status, row.epoch, row.position, row.last_at, row.attributes)
        for row in _decode_states(text)
    }


def records(text: str) -> list[RunRecord]:
    """The rows of runs."""
    return _decode_records(text)


def keys(text: str) -> dict[str, str]:
    """Idempotency key -> run id."""
    return _decode_keys(text)


def ids(text: str) -> tuple[str, ...]:
    """The ids of runs or workers."""
    return _decode_ids(text)


def events(row: tuple[str, bytes | None]) -> dict[str, list[StoredEvent]]:
    """Run id -> events, from the places of all events and their bytes in one piece."""
    places, data = row
    found: dict[str, list[StoredEvent]] = {}
    end = 0
    for run_id, position, at, kind, size in _decode_places(places):
        start, end = end, end + size
        event = StoredEvent(position, at, kind, (data or b"")[start:end])
        found.setdefault(run_id, []).append(event)
    return found
