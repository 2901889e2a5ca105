"""Asking PostgreSQL for the runs of a page."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from outlast._model.runs import RunRecord
from outlast.worlds.cursors import Cursor
from outlast.worlds.finding import Look, has_text
from outlast.worlds.orders import Source, query_name
from outlast.worlds.postgres.connecting import Connection
from outlast.worlds.postgres.encoding import (
    attribute_name,
    attribute_value,
    attributes,
    findable,
    records,
    some,
)

_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1


class Finding:
    """One page's questions, on one connection."""

    def __init__(self, connection: Connection, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._queries = queries

    async def find(self, look: Look, limit: int) -> list[RunRecord]:
        """The first runs on the way that fit the filter."""
        if look.wish.text:
            named = await self._with_text(look, limit)
            if not named:
                return []
            wish = replace(look.wish, ids=named, text="")
            look = Look(Source.IDS, wish, look.after, until=look.until)
        return records(await self._fetch("find", look, limit))

    async def edge(self, look: Look, number: int) -> Cursor | None:
        """Where the run of that number on the way stands."""
        if look.source is Source.ATTRIBUTE:
            rows = await self._connection.fetch(
                self._queries["many_have"], _value(look), number - 1
            )
        else:
            query = self._queries[query_name("edge", look.source, look.wish.order)]
            rows = await self._connection.fetch(query, *_place(look, number - 1))
        return Cursor(rows[0][0], rows[0][1], look.wish.order) if rows else None

    async def _with_text(self, look: Look, limit: int) -> tuple[str, ...]:
        """The ids of the first runs that have the text. Looked for here: the server folds case in its own way."""
        rows = await self._fetch("glance", look, None)
        text = look.wish.text.casefold()
        found = (row[0] for row in rows if has_text(row[0], row[1], attributes(row[2]), text))
        return tuple([run_id for _, run_id in zip(range(limit), found, strict=False)])

    async def _fetch(self, query: str, look: Look, limit: int | None) -> Any:
        statement = self._queries[query_name(query, look.source, look.wish.order)]
        return await self._connection.fetch(statement, *_place(look, limit), *_filter(look))


def _place(look: Look, number: int | None) -> tuple[Any, ...]:
    """Of which value, from where on, and how many."""
    wish, after = look.wish, look.after
    return (
        _value(look),
        _EARLIEST if wish.created_from is None else wish.created_from,
        _LATEST if wish.created_to is None else wish.created_to,
        after.at,
        after.id,
        number,
    )


def _filter(look: Look) -> tuple[Any, ...]:
    """Up to where, and what has to fit: but for what the index has seen to, else the planner expects too few."""
    wish, source = look.wish, look.source
    until = _EARLIEST if wish.order.descending else _LATEST
    return (
        some(wish.ids),
        until if look.until is None else look.until,
        None if source is Source.STATUS else some(wish.statuses),
        None if source is Source.WORKFLOW else some(wish.workflows),
        None if source is Source.VERSION else some(wish.versions),
        None if wish.parent is None or source is Source.PARENT else findable(wish.parent),
        [attribute_name(name) for name in wish.attributes] or None,
        [attribute_value(value) for value in wish.attributes.values()] or None,
    )


def _value(look: Look) -> str | None:
    if look.value is None or look.source is not Source.ATTRIBUTE:
        return None if look.value is None else findable(look.value)
    return f"{attribute_name(look.value)}={attribute_value(look.attribute)}"
