"""Cursors: where a page of runs or hooks ended, as an opaque text."""

import base64
from typing import Final

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import RunRecord
from outlast.world import RunOrder

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


def cursor_after(run: RunRecord, order: RunOrder = RunOrder.NEWEST) -> str:
    """The text for a page that ended with this run."""
    return cursor_text(Cursor(*place(run, order), order))


def hook_cursor_after(hook: HookRecord, order: RunOrder = RunOrder.NEWEST) -> str:
    """The text for a page that ended with this hook."""
    return cursor_text(Cursor(hook.created_at, hook.token, order))


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
