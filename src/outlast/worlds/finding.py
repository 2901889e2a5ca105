"""How a page of runs is found: along which index, and how far.

No index has everything that a filter may ask for together. So of each thing that it names, the world is asked whether
few runs have it: then these are looked at, all of them. Where many have each of them, runs are gone through in the
order of the list, but only so many for a page: it may be short then, or empty, and its cursor goes on behind the last
run that was looked at. So a page takes as long among a million runs as among ten thousand.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from outlast._clock import Micros
from outlast._model.runs import TERMINAL, Attributes, AttributeValue, RunRecord, RunStatus
from outlast.world import RunFilter, RunOrder, RunPage
from outlast.worlds.cursors import Cursor, cursor_text, place, read_cursor, run_page
from outlast.worlds.orders import Source

SPAN: Final = 5_000
"""So many runs are looked at for a page, if nothing that the filter names is rarer."""


class Look(msgspec.Struct, frozen=True):
    """Going through the runs that an index has of one value, in the order of the list."""

    source: Source
    wish: RunFilter
    after: Cursor
    value: str | None = None
    """Which status, workflow, version or parent; of an attribute its name."""
    attribute: AttributeValue = None
    until: Micros | None = None
    """Up to those of this time."""


class Looking(Protocol):
    """What a world is asked for."""

    async def find(self, look: Look, limit: int) -> list[RunRecord]:
        """The first runs on the way that fit the filter, in any order."""
        ...

    async def edge(self, look: Look, number: int) -> Cursor | None:
        """Where the run of that number on the way stands, whether it fits or not; `None` if there are fewer.

        Of a source that is not in the order of the list, any place will do.
        """
        ...


async def find_page(
    world: Looking, wish: RunFilter, *, limit: int, cursor: str | None, span: int = SPAN
) -> RunPage:
    """A page of the runs that fit. Raises `ValueError` for a cursor that is none, or of another order."""
    order, after = wish.order, _begin(wish, read_cursor(cursor, wish.order))
    ways = [[replace(look, after=after) for look in way.looks] for way in _ways(wish)]
    if _served(wish):
        return _page(await _all(world, ways[0], limit), order, limit, None)
    walk: list[tuple[Look, Cursor | None]] = []
    for looks in ways:
        share = max(span // len(looks), limit + 1)
        edges = [await world.edge(_counted(look), share) for look in looks]
        if not any(edges):
            return _page(await _all(world, looks, limit), order, limit, None)
        if not walk and _in_order(looks[0]):
            walk = list(zip(looks, edges, strict=True))
    bounded = [replace(look, until=edge.at if edge else None) for look, edge in walk]
    reached = [edge for _, edge in walk if edge is not None]
    nearest = (max if order.descending else min)(reached, key=_spot)
    return _page(await _all(world, bounded, limit), order, limit, nearest)


def has_text(run_id: str, workflow: str, attributes: Attributes, text: str) -> bool:
    """Whether a text, casefolded, is in the id, the workflow's name, or the names and values of attributes."""
    texts = [run_id, workflow, *attributes, *map(str, attributes.values())]
    # Folded together, as that is most of the work; the text may be in one of them only.
    if text not in "\n".join(texts).casefold():
        return False
    return "\n" not in text or any(text in one.casefold() for one in texts)


class _Way(NamedTuple):
    """One thing that a filter names, as one look for each of its values."""

    looks: Sequence[Look]


_START: Final = Cursor(0, "")


def _ways(wish: RunFilter) -> Iterator[_Way]:
    """How the runs could be gone through: first what, as far as the filter tells, the fewest have."""
    if wish.ids:
        yield _way(Source.IDS, wish, (None,))
    for name, value in wish.attributes.items():
        others = {one: wish.attributes[one] for one in wish.attributes if one != name}
        rest = replace(wish, attributes=others)
        yield _Way([Look(Source.ATTRIBUTE, rest, _START, name, value)])
    if wish.parent is not None:
        yield _way(Source.PARENT, wish, (wish.parent,))
    if wish.statuses and not wish.order.by_end and RunStatus.COMPLETED not in wish.statuses:
        yield _way(Source.STATUS, wish, wish.statuses)  # of an old table most runs are completed
    if wish.workflows:
        yield _way(Source.WORKFLOW, wish, wish.workflows)
    if wish.versions:
        yield _way(Source.VERSION, wish, wish.versions)
    if wish.statuses and not wish.order.by_end and RunStatus.COMPLETED in wish.statuses:
        yield _way(Source.STATUS, wish, wish.statuses)
    if not wish.order.by_end or _has_window(wish):
        yield _way(Source.ALL, wish, (None,))
    if wish.order.by_end:
        over = [status for status in wish.statuses or sorted(TERMINAL) if status in TERMINAL]
        yield _way(Source.STATUS, wish, over)


def _way(source: Source, wish: RunFilter, values: Sequence[str | None]) -> _Way:
    return _Way([Look(source, wish, _START, value) for value in dict.fromkeys(values)])


def _served(wish: RunFilter) -> bool:
    """Whether the first of the ways has the runs that fit and no others, in the order of the list."""
    if wish.ids:
        return True
    if wish.attributes or wish.text:
        return False
    named = [wish.parent is not None, bool(wish.workflows), bool(wish.versions)]
    if wish.order.by_end:
        return not any(named) and not _has_window(wish)
    return sum([*named, bool(wish.statuses)]) <= 1


def _has_window(wish: RunFilter) -> bool:
    return wish.created_from is not None or wish.created_to is not None


def _in_order(look: Look) -> bool:
    """Whether the index has the order of the list."""
    if look.wish.order.by_end:
        return look.source is Source.STATUS
    return look.source is not Source.ATTRIBUTE


def _counted(look: Look) -> Look:
    """The look whose edge tells whether there are many: where the order is another, of all that the index has."""
    if _in_order(look):
        return look
    wish = replace(look.wish, order=RunOrder.NEWEST)
    return replace(look, wish=wish, after=_begin(wish, read_cursor(None)))


def _begin(wish: RunFilter, after: Cursor) -> Cursor:
    """Where to begin: there, or where the window does. Databases take one bound to begin an index at, not two."""
    edge = wish.created_to if wish.order.descending else wish.created_from
    if wish.order.by_end or edge is None:
        return after
    window = Cursor(edge, "", wish.order)
    return min(window, after, key=_spot) if wish.order.descending else max(window, after, key=_spot)


def _spot(cursor: Cursor) -> tuple[Micros, str]:
    return (cursor.at, cursor.id)


async def _all(world: Looking, looks: Sequence[Look], limit: int) -> list[RunRecord]:
    return [run for look in looks for run in await world.find(look, limit + 1)]


def _page(found: Sequence[RunRecord], order: RunOrder, limit: int, edge: Cursor | None) -> RunPage:
    """The first of those that were found, up to the edge of what was looked at."""
    runs = sorted(found, key=lambda run: place(run, order), reverse=order.descending)
    if edge is not None:
        last = (edge.at, edge.id)
        runs = [
            run
            for run in runs
            if place(run, order) == last or (place(run, order) > last) is order.descending
        ]
    if len(runs) > limit:
        return run_page(runs, limit, order)
    return RunPage(tuple(runs), None if edge is None else cursor_text(replace(edge, order=order)))
