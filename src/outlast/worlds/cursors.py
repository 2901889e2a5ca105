"""Cursors: where a page of runs or hooks ended, as an opaque text."""

import base64

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import RunRecord


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last run or hook of a page. The next page has what comes after it in the order of listing."""

    created_at: Micros
    run_id: str
    """Of a hook its token."""


def cursor_after(run: RunRecord) -> str:
    """The text for a page that ended with this run."""
    return base64.urlsafe_b64encode(msgspec.json.encode(Cursor(run.created_at, run.id))).decode()


def hook_cursor_after(hook: HookRecord) -> str:
    """The text for a page that ended with this hook."""
    last = Cursor(hook.created_at, hook.token)
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).decode()


def read_cursor(text: str) -> Cursor:
    """The cursor behind the text. Raises `ValueError` if it is none."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Cursor)
    except ValueError as error:  # of base64 and of msgspec alike
        message = f"{text!r} is not a cursor of a list"
        raise ValueError(message) from error
