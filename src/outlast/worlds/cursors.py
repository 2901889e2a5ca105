"""Cursors: where a page of runs or hooks ended, as an opaque text."""

import base64
from collections.abc import Sequence
from typing import Final

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import RunRecord
from outlast.world import HookPage, RunOrder, RunPage

_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last run or hook of a page. The next page has what comes after it in the order of listing."""

    at: Micros
    """When it was created; in a list by the end of runs, when it ended."""
    id: str
    """Of a hook its token."""
    order: RunOrder = RunOrder.NEWEST


def place(run: RunRecord, order: RunOrder) -> tuple[Micros, str]:
    """Where a run stands in a list of that order."""
    at = (run.ended_at or 0) if order.by_end else run.created_at
    return (at, run.id)


def run_page(runs: Sequence[RunRecord], limit: int, order: RunOrder) -> RunPage:
    """The first of these runs, up to the limit, with the text for the next page if there are more of them."""
    page = tuple(runs[:limit])
    more = 0 < len(page) < len(runs)
    return RunPage(page, cursor_text(Cursor(*place(page[-1], order), order)) if more else None)


def hook_page(hooks: Sequence[HookRecord], limit: int, order: RunOrder) -> HookPage:
    """The same of hooks."""
    page = tuple(hooks[:limit])
    if not 0 < len(page) < len(hooks):
        return HookPage(page, None)
    last = page[-1]
    return HookPage(page, cursor_text(Cursor(last.created_at, last.token, order)))


def read_cursor(text: str | None, order: RunOrder = RunOrder.NEWEST) -> Cursor:
    """The cursor behind the text; without one, where the list begins. Raises `ValueError` if it is none, or that of
    another order."""
    if text is None:
        return Cursor(_LATEST if order.descending else _EARLIEST, "", order)
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Cursor)
    except ValueError as error:  # of base64 and of msgspec alike
        message = f"{text!r} is not a cursor of a list"
        raise ValueError(message) from error
    if cursor.order is not order:
        message = f"{text!r} is the cursor of a list in the order {cursor.order}, not {order}"
        raise ValueError(message)
    return cursor


def cursor_text(cursor: Cursor) -> str:
    """The text for a page that ended there."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()
