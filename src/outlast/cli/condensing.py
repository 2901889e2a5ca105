"""Making a long timeline short: what went well and is alike becomes one row."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from outlast.cli.timeline_entries import Entry, Kind

ALIKE = 4
"""So many steps of one name, completed, become a group."""


RETRIED = 20
"""So many steps that were tried again are shown one by one; of more, none."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Steps (or waits, or children) of one name that completed."""

    kind: Kind
    name: str
    entries: tuple[Entry, ...]
    after: datetime
    """The time of the mark before it: a group begins after that, whatever was begun before."""

    @property
    def started_at(self) -> datetime:
        """When the first one began."""
        return max(self.after, min(entry.started_at for entry in self.entries))

    @property
    def ended_at(self) -> datetime:
        """When the last one was over."""
        return max(entry.ended_at or entry.started_at for entry in self.entries)

    @property
    def work(self) -> timedelta:
        """The time of all of them together."""
        spans = (e.ended_at - e.started_at for e in self.entries if e.ended_at is not None)
        return sum(spans, timedelta())

    @property
    def line(self) -> str | None:
        """The line that asked for them, if it was one."""
        lines = {entry.line for entry in self.entries}
        return lines.pop() if len(lines) == 1 else None


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the worker, and is not in the log. Splits groups."""

    at: datetime
    text: str

    @property
    def started_at(self) -> datetime:
        """For sorting."""
        return self.at


Row = Entry | Group | Mark


def condensed(entries: Iterable[Entry], *, limit: int, marks: Sequence[Mark] = ()) -> list[Row]:
    """The rows to show, in the order in which they began.

    All entries, if they are no more than `limit`; otherwise what completed is grouped by name, separately
    before, between and after the marks. What failed, was tried again or is under way stays by itself.
    """
    found = list(entries)
    rows: list[Row] = [*found, *marks] if len(found) <= limit else [*_grouped(found, marks), *marks]
    return sorted(rows, key=lambda row: (row.started_at, not isinstance(row, Mark)))


def _grouped(entries: Sequence[Entry], marks: Sequence[Mark]) -> list[Row]:
    groups: dict[tuple[int, Kind, str], list[Entry]] = {}
    rows: list[Row] = []
    retried = sum(entry.state == "completed" and len(entry.attempts) > 1 for entry in entries)
    for entry in entries:
        alone = entry.kind == "note" or (len(entry.attempts) > 1 and retried <= RETRIED)
        if entry.state != "completed" or entry.woken or alone:
            rows.append(entry)
            continue
        section = sum(mark.at <= (entry.ended_at or entry.started_at) for mark in marks)
        groups.setdefault((section, entry.kind, entry.name), []).append(entry)
    for (section, kind, name), alike in groups.items():
        if len(alike) < ALIKE:
            rows.extend(alike)
            continue
        after = marks[section - 1].at if section else alike[0].started_at
        rows.append(Group(kind=kind, name=name, entries=tuple(alike), after=after))
    return rows
