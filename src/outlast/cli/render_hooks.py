"""Hooks as a table."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from outlast.cli.output import to_json
from outlast.cli.texts import fitted
from outlast.cli.times import ago, rough
from outlast.records import HookInfo

GAP: Final = 2
BELOW: Final = "    "
_LEAST: Final = 16
"""So much of what a hook wants is worth a place."""
_TOKEN: Final = "token or url"  # noqa: S105 - the title of a column
_TITLES: Final = (_TOKEN, "run", "hook", "created", "expires", "wants")
_RIGHT: Final = ("created", "expires")


class HooksTable:
    """One row each; on two lines, the token or URL on the first, where one line has no room.

    Tokens, ids and URLs are never cut nor broken, however narrow it is: to be printed with `Output.show_whole`. Only
    what a hook wants is shortened.
    """

    def __init__(self, hooks: Sequence[HookInfo], now: datetime, *, titled: bool = True) -> None:
        titles = [_Row(*[Text(title, style="dim") for title in _TITLES])] if titled else []
        self._rows = [*titles, *(_row(hook, now) for hook in hooks)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [max(cell.cell_len for cell in column) for column in zip(*self._rows, strict=True)]
        wants = min(widths[-1], _LEAST)
        stacked = sum(widths[:-1]) + wants + GAP * (len(widths) - 1) > options.max_width
        for row in self._rows:
            yield from _lines(row, widths, options.max_width, stacked=stacked)


class _Row(NamedTuple):
    """A hook, ready to be laid out: the cells below `_TITLES`."""

    token: Text
    run: Text
    hook: Text
    created: Text
    expires: Text
    wants: Text


def _row(hook: HookInfo, now: datetime) -> _Row:
    # As texts: what users have chosen is no markup.
    return _Row(
        Text(hook.url or hook.token),
        Text(hook.run_id),
        Text(hook.id or "reserved"),
        Text(ago(hook.created_at, now)),
        Text("" if hook.expires_at is None else f"in {rough(hook.expires_at - now)}"),
        Text(_wants(hook), style="dim"),
    )


def _lines(row: _Row, widths: Sequence[int], whole: int, *, stacked: bool) -> Iterator[Text]:
    *whole_cells, wants = [
        cell if title == "wants" else fitted(cell, width, right=title in _RIGHT)
        for title, cell, width in zip(_TITLES, row, widths, strict=True)
    ]
    line = Text(BELOW if stacked else "")
    if stacked:
        yield row.token
        del whole_cells[0]
    line.append_text(Text(" " * GAP).join(whole_cells))
    if wants:
        left = max(whole - line.cell_len - GAP, _LEAST)
        line.append(" " * GAP).append_text(fitted(wants, left, pad=False))
    line.rstrip()
    yield line


def _wants(hook: HookInfo) -> str:
    """The title of the schema or its type, and the metadata."""
    schema = hook.schema or {}
    parts = [str(schema.get("title") or schema.get("type") or "")]
    if hook.metadata:
        parts.append(to_json(hook.metadata))
    return " ".join(part for part in parts if part)
