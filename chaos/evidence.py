"""What is left when all is over, and what the checker goes by."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from chaos.programs import Errand
from chaos.witness import Testimony
from outlast._codec import decode_event
from outlast._model.events import Logged
from outlast._model.runs import RunRecord
from outlast.errors import DecodeError
from outlast.world import RunFilter, StoredEvent, World

PAGE = 500

Log: TypeAlias = tuple[Logged, ...]


class Kept(msgspec.Struct, frozen=True):
    """A run as it is kept: its row and its log."""

    row: RunRecord
    stored: tuple[StoredEvent, ...]
    log: Log
    """The events as far as they can be read."""


class Violation(msgspec.Struct, frozen=True, order=True):
    """A law was broken."""

    law: str
    where: str
    """The run, or `-`."""
    what: str

    def __str__(self) -> str:
        return f"{self.law}: {self.where}: {self.what}"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The database, and what is known from elsewhere."""

    runs: dict[str, Kept]
    """All runs that the world has."""
    queue_empty: bool
    """Whether the world has no dispatched step any more."""
    errands: Sequence[Errand]
    """What was asked for; what each comes to undisturbed is computed from it."""
    started: frozenset[str]
    """The runs whose start was acknowledged."""
    cancelled: frozenset[str]
    """The runs of which it was acknowledged that they are to be cancelled."""
    testimonies: Sequence[Testimony] = ()
    """What the workers wrote down beside the log."""


async def read_runs(world: World) -> dict[str, Kept]:
    """All runs of an open world, with their logs."""
    found: dict[str, Kept] = {}
    cursor: str | None = None
    while True:
        page = await world.listing.find(RunFilter(), limit=PAGE, cursor=cursor)
        for row in page.runs:
            stored = await world.log.read(row.id)
            found[row.id] = Kept(row, stored, readable(stored))
        if page.cursor is None:
            return found
        cursor = page.cursor


def readable(stored: Sequence[StoredEvent]) -> Log:
    """The events up to the first one that cannot be decoded."""
    log: list[Logged] = []
    for one in stored:
        try:
            log.append(decode_event(one))
        except DecodeError:
            break
    return tuple(log)
