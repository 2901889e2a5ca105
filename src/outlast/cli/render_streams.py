"""Streams as a table."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from outlast.cli.render_list import list_table
from outlast.records import StreamInfo

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def streams_table(streams: Sequence[StreamInfo], *, titled: bool = True) -> Table:
    """One row each: its name, how many chunks it has, how long they are, and whether it is closed."""
    table = list_table(titled=titled, expand=False)
    table.add_column("stream", overflow="fold")
    for title in ("chunks", "size"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("state", no_wrap=True)
    for stream in streams:
        state = Text("✓ closed", "green") if stream.closed else Text("● open", "cyan")
        table.add_row(Text(stream.name), f"{stream.tail + 1:,}", size(stream.bytes), state)
    return table


def size(count: int) -> str:
    """Bytes in few letters: `812 B`, `1.2 kB`, `34 MB`."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit and value < 9.95 else f"{value:.0f} {_UNITS[unit]}"
