"""Queries that are made once for each order in which runs are listed, and each index that has them."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from outlast.world import RunOrder


class Source(StrEnum):
    """Where the runs of a list are taken from: the index of ..."""

    ALL = "all"
    IDS = "ids"
    PARENT = "parent"
    STATUS = "status"
    WORKFLOW = "workflow"
    VERSION = "version"
    ATTRIBUTE = "attribute"


_ORDERS: Final = {
    RunOrder.NEWEST: "newest",
    RunOrder.OLDEST: "oldest",
    RunOrder.ENDED_LAST: "ended_last",
    RunOrder.ENDED_FIRST: "ended_first",
}
"""The names of the orders, in queries and fragments."""

_SOURCE: Final = "{source}"
"""In its place stands the fragment of a source, `of_version`; in that of `{after}` the one of an order, `after_newest`.
Of a status it is `of_status`, or `of_over` for the orders of the end."""
_WINDOW: Final = "{window}"
_BESIDES: Final = "{besides}"
_ANYTIME: Final = "{anytime}"
"""The window of creation is looked up in the index, at `{window}`. The index of what ended with a status knows nothing of
it: there it is tried on what was found, at `{besides}`. The other of the two is `{anytime}`."""
_BY_ORDER: Final = ("at", "after", "until", "in_order")


def query_name(query: str, source: Source, order: RunOrder) -> str:
    """The name of a query of runs, made for that source and order."""
    return f"{query}_of_{source}_{_ORDERS[order]}"


def variants(query: str, body: str) -> Iterator[tuple[str, str]]:
    """A query of a file by its name; one for which the source is left open, by the name of each that it is made for."""
    if _SOURCE not in body:
        yield query, body
        return
    for source in Source:
        for order, name in _ORDERS.items():
            over = source is Source.STATUS and order.by_end
            made = body.replace(_SOURCE, "{of_over}" if over else f"{{of_{source}}}")
            made = made.replace(*((_WINDOW, _ANYTIME) if over else (_BESIDES, _ANYTIME)))
            made = made.replace(_BESIDES, _WINDOW)
            for use in _BY_ORDER:
                made = made.replace(f"{{{use}}}", f"{{{use}_{name}}}")
            yield query_name(query, source, order), made
