"""Asking SQLite for the runs of a page."""

import sqlite3
from typing import Any, Final

import msgspec

from outlast._model.runs import Attributes, RunRecord
from outlast.worlds.cursors import Cursor
from outlast.worlds.finding import Look, has_text
from outlast.worlds.orders import Source, query_name
from outlast.worlds.sqlite.encoding import Parameters, ask, attribute_value, records, some
from outlast.worlds.sqlite.queries import QUERIES
from outlast.worlds.sqlite.threads import ConnectionThread

_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1

_decode_attributes = msgspec.json.Decoder(Attributes).decode


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the function that looks for a text; without it lists cannot be asked for."""
    connection.create_function("has_text", 4, _has_text, deterministic=True)


class Finding:
    """One page's questions, to a thread that reads."""

    def __init__(self, reader: ConnectionThread) -> None:
        self._reader = reader

    async def find(self, look: Look, limit: int) -> list[RunRecord]:
        """The first runs on the way that fit the filter."""
        query = query_name("find", look.source, look.wish.order)
        wish = {**_place(look), **_filter(look), "limit": limit}
        return records(await self._reader.call(lambda connection: ask(connection, query, wish)))

    async def edge(self, look: Look, number: int) -> Cursor | None:
        """Where the run of that number on the way stands."""
        order, wish = look.wish.order, {**_place(look), "before": number - 1}
        if look.source is Source.ATTRIBUTE:
            many = await self._reader.call(lambda connection: ask(connection, "many_have", wish))
            return Cursor(0, "", order) if many else None
        query = QUERIES[query_name("edge", look.source, order)]
        row = await self._reader.call(lambda c: c.execute(query, wish).fetchone())
        return None if row is None else Cursor(row[0], row[1], order)


def _place(look: Look) -> Parameters:
    """Of which value, and from where on."""
    wish, after, named = look.wish, look.after, look.source is Source.ATTRIBUTE
    return {
        "value": look.value,
        "attribute": attribute_value(look.attribute) if named else None,
        "created_from": _EARLIEST if wish.created_from is None else wish.created_from,
        "created_to": _LATEST if wish.created_to is None else wish.created_to,
        "after_at": after.at,
        "after_id": after.id,
    }


def _filter(look: Look) -> Parameters:
    """Up to where, and what has to fit."""
    wish = look.wish
    until = _EARLIEST if wish.order.descending else _LATEST
    attributes = [(name, attribute_value(value)) for name, value in wish.attributes.items()]
    return {
        "until": until if look.until is None else look.until,
        "ids": some(wish.ids),
        "statuses": some(wish.statuses),
        "workflows": some(wish.workflows),
        "versions": some(wish.versions),
        "parent": wish.parent,
        "attributes": some(attributes),
        "text": wish.text.casefold() or None,
    }


def _has_text(run_id: str, workflow: str, attributes: str, text: str) -> Any:
    return has_text(run_id, workflow, _decode_attributes(attributes), text)
