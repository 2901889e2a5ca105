"""Between records and what goes through the SQL."""

from collections.abc import Iterable, Sequence

import asyncpg
import msgspec

from outlast._model.runs import Attributes, AttributeValue, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.world import ClaimedRun, ClaimedStep, StepKey, StoredEvent
from outlast.worlds.planning import Known, RunState, StepState, Wanted

_encode = msgspec.json.encode

BEGINNING = 200
"""How many events of its log a claimed run comes with."""


def json_text(value: object) -> str:
    """The value as JSON, as PostgreSQL takes it."""
    return _encode(value).decode()


def attribute_value(value: AttributeValue) -> str:
    """The value as it is compared: as JSON, in which 1, true and "1" are apart."""
    return json_text(value)


def attribute_name(name: str) -> str:
    """The name as it is compared: as JSON too, in which NUL has a form that PostgreSQL can keep."""
    return json_text(name)


def findable(text: str) -> str:
    """The text, or an empty one, which nothing is called, for a text that PostgreSQL cannot keep: one with NUL
    or half a character. Then it cannot be there either, and is not found like others."""
    return text if (text.isascii() or _encodable(text)) and "\0" not in text else ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _StateRow(msgspec.Struct, array_like=True):
    run_id: str
    status: RunStatus
    epoch: int
    position: int
    last_at: int
    attributes: Attributes


class _StepRow(msgspec.Struct, array_like=True):
    run_id: str
    ref: str
    epoch: int
    held: bool


_decode_states = msgspec.json.Decoder(list[_StateRow]).decode
_decode_steps = msgspec.json.Decoder(list[_StepRow]).decode
_decode_keys = msgspec.json.Decoder(dict[str, str]).decode
_decode_places = msgspec.json.Decoder(list[tuple[str, int, int, str, int]]).decode
_decode_run = msgspec.json.Decoder(RunRecord).decode
_decode_runs = msgspec.json.Decoder(list[RunRecord]).decode
_decode_attributes = msgspec.json.Decoder(Attributes).decode
_decode_workers = msgspec.json.Decoder(tuple[WorkerRecord, ...]).decode


def wishes(needs: Wanted) -> tuple[object, ...]:
    """The parameters that say what has to be known."""
    return (
        [findable(run_id) for run_id in needs.run_ids],
        [needs.seen.get(run_id) for run_id in needs.run_ids],
        needs.keys or None,
        [findable(key.run_id) for key in needs.steps] or None,
        [key.ref for key in needs.steps] or None,
    )


def known(row: asyncpg.Record) -> Known:
    """What known_v1 tells."""
    states = {
        one.run_id: RunState(one.status, one.epoch, one.position, one.last_at, one.attributes)
        for one in _decode_states(row["states"])
    }
    steps = {
        StepKey(one.run_id, one.ref): StepState(one.epoch, one.held)
        for one in _decode_steps(row["steps"])
    }
    return Known(states, _decode_keys(row["taken"]), events(row["places"], row["data"]), steps)


def events(places: str, data: bytes | None) -> dict[str, list[StoredEvent]]:
    """Run id -> events, from the places of all events and their bytes in one piece."""
    found: dict[str, list[StoredEvent]] = {}
    end = 0
    for run_id, position, at, kind, size in _decode_places(places):
        start, end = end, end + size
        event = StoredEvent(position, at, kind, (data or b"")[start:end])
        found.setdefault(run_id, []).append(event)
    return found


def record(text: str) -> RunRecord:
    """The row of a run."""
    return _decode_run(text)


def records(rows: Iterable[asyncpg.Record]) -> list[RunRecord]:
    """The rows of runs."""
    return [_decode_run(row[0]) for row in rows]


def attributes(text: str) -> Attributes:
    """The attributes of a run, from its row."""
    return _decode_attributes(text)


def run_state(row: asyncpg.Record) -> RunState:
    """Where the run of a row of `hook_states` stands, but for its attributes."""
    return RunState(RunStatus(row["status"]), row["epoch"], row["position"], row["last_at"], {})


def claimed_run(row: asyncpg.Record) -> ClaimedRun:
    """A row of `claim`."""
    run = _decode_run(row[0])
    return ClaimedRun(run=run, events=tuple(events(row[1], row[2]).get(run.id, ())))


def claimed_runs(runs: str, places: str, data: bytes | None) -> tuple[ClaimedRun, ...]:
    """What write_plan_v3 has claimed."""
    logs = events(places, data)
    return tuple([ClaimedRun(run=run, events=tuple(logs[run.id])) for run in _decode_runs(runs)])


def claimed_step(row: asyncpg.Record) -> ClaimedStep:
    """A row of `claim_steps`."""
    return ClaimedStep(
        key=StepKey(row["id"], row["ref"]),
        name=row["name"],
        epoch=row["epoch"],
        attempt=row["attempt"],
        recoveries=row["recoveries"],
        workflow=row["workflow"],
        attributes=_decode_attributes(row["attributes"]),
        data=row["data"],
    )


def workers(text: str) -> tuple[WorkerRecord, ...]:
    """The rows of workers."""
    return _decode_workers(text)


def some(values: Sequence[str]) -> Sequence[str] | None:
    """The values of a filter; `None`, which lets all pass, if there are none."""
    return [findable(value) for value in values] or None
