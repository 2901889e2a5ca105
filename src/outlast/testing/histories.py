"""Recorded logs, to be replayed on later code."""

from datetime import datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from outlast._api.runs import Run, whole_log
from outlast._codec import decode_event
from outlast._model.events import Logged
from outlast._registry.durations import to_micros
from outlast.world import StoredEvent


class RecordedEvent(msgspec.Struct, frozen=True):
    """An event as it stands in a history."""

    position: int
    at: datetime
    kind: str
    data: dict[str, Any]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The log of a run, as a value that can be kept in a file."""

    run_id: str
    workflow: str
    version: str
    """The version of the code that the run started on."""
    events: tuple[RecordedEvent, ...]

    def json(self) -> str:
        """The history as JSON, for people to read."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"

    def save(self, path: Path | str) -> None:
        """Write it to a file. The folder must be there."""
        Path(path).write_text(self.json(), encoding="utf-8")

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Back from JSON. Raises `ValueError` if it is no history."""
        return msgspec.json.decode(text, type=cls)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read it from a file. Raises `OSError`, or `ValueError` if it is no history."""
        return cls.from_json(Path(path).read_bytes())

    def log(self) -> list[Logged]:
        """The events. Raises `DecodeError` for a kind that this version of the library does not know."""
        return [decode_event(_stored(one)) for one in self.events]


async def record_history(run: Run[Any]) -> History:
    """The log of a run as it is now, whether the run is over or not.

        (await record_history(run)).save("tests/histories/fulfil-1.json")

    It has the secret of the run, from which the tokens of its hooks are made: replay asks for them.

    Raises `RunNotFoundError`.
    """
    info, events = await run.info(), await whole_log(run)
    return History(
        run_id=run.id,
        workflow=info.workflow,
        version=info.version,
        events=tuple([RecordedEvent(one.position, one.at, one.kind, one.data) for one in events]),
    )


def _stored(event: RecordedEvent) -> StoredEvent:
    data = msgspec.json.encode({"kind": event.kind, **event.data})
    return StoredEvent(event.position, to_micros(event.at), event.kind, data)
