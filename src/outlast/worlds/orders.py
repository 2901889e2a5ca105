"""Queries that are made once for each order in which runs are listed."""

from collections.abc import Iterator
from typing import Final

from outlast.world import RunOrder

_NAMES: Final = {
    RunOrder.NEWEST: "newest",
    RunOrder.OLDEST: "oldest",
    RunOrder.ENDED_LAST: "ended_last",
    RunOrder.ENDED_FIRST: "ended_first",
}
"""The fragments that say which page is meant, in each order."""

_USES: Final = {
    "{by_creation}": (RunOrder.NEWEST, RunOrder.OLDEST),
    "{by_end}": (RunOrder.ENDED_LAST, RunOrder.ENDED_FIRST),
    "{by_either}": tuple(RunOrder),
}
"""In the place of the fragment: for which orders the query is made."""


def in_order(query: str, order: RunOrder) -> str:
    """The name of a query of runs, made for that order."""
    return query if order is RunOrder.NEWEST else f"{query}_{_NAMES[order]}"


def variants(query: str, body: str) -> Iterator[tuple[str, str]]:
    """A query of a file by its name; one for which the order is left open, by each order's name."""
    use = next((use for use in _USES if use in body), None)
    if use is None:
        yield query, body
        return
    for order in _USES[use]:
        yield in_order(query, order), body.replace(use, f"{{{_NAMES[order]}}}")
