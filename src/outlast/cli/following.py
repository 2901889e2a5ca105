"""Lists that are shown once, or with `--follow` looked at again and again, until it is over or Ctrl-C."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from cyclopts import Parameter
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from outlast._clock import pause
from outlast.cli.leaving import while_read
from outlast.cli.output import Output
from outlast.errors import WorldUnavailableError

Follow: TypeAlias = Annotated[
    bool, Parameter(name=("--follow", "-f"), negative="", show_default=False)
]
"""The option."""
REFRESH: Final = 0.5
"""Seconds between two looks."""
GONE: Final = "nobody answers; trying again"

Record = TypeVar("Record")
Shown = TypeVar("Shown", contravariant=True)


class Table(Protocol[Shown]):
    """Makes a table of records, with or without its titles."""

    def __call__(self, records: Sequence[Shown], /, *, titled: bool = True) -> RenderableType: ...


@dataclass(frozen=True, kw_only=True)
class Followed(Generic[Record]):
    """What is looked at, and how it is shown."""

    look: Callable[[], Awaitable[Sequence[Record]]]
    """The records as they stand."""
    table: Table[Record]
    empty: str
    """What is said while there are none."""
    key: Callable[[Record], Hashable]
    """Which record it is."""
    tells: Callable[[Record], object]
    """What of a record is worth a line when it changes."""
    document: Callable[[Sequence[Record]], Any]
    """The JSON document of the list, where it is shown once."""
    over: Callable[[], Awaitable[bool]] | None = None
    """Whether nothing will change any more; asked before a look. `None`: never."""
    newest_first: bool = False
    """Whether the list is in that order. Lines are printed in the order in which things came to be."""
    whole: bool = False
    """Whether lines are longer than the terminal is wide rather than cut."""


async def show_list(output: Output, listed: Followed[Any], *, follow: bool) -> None:
    """Show the records once, or follow them."""
    if follow:
        await follow_list(output, listed)
    else:
        _show_once(output, listed, await listed.look())


def _show_once(output: Output, listed: Followed[Any], records: Sequence[Any]) -> None:
    output.document(listed.document(records))
    show = output.show_whole if listed.whole else output.show
    if records:
        show(listed.table(records))
    else:
        output.note_line(listed.empty)


async def follow_list(output: Output, followed: Followed[Any], *, every: float = REFRESH) -> None:
    """Show the records, and how they change, until it is over.

    On a terminal in a picture that is drawn anew in its place, which stays there at the end. Elsewhere a line for
    each record that is new or has changed; with `--json` a document a line. While the world cannot be asked, it is
    tried again.
    """
    shown = _shown(output, followed)
    async with while_read():
        with shown.there():
            await _look_until_over(shown, followed, every)


async def _look_until_over(shown: "_Shown", followed: Followed[Any], every: float) -> None:
    over = False
    while not over:
        try:
            over = followed.over is not None and await followed.over()
            shown.look(await followed.look())
        except WorldUnavailableError as error:
            shown.missed(str(error).partition("\n")[0])
            over = False
        if not over:
            await pause(every)


class _Shown(Protocol):
    def there(self) -> AbstractContextManager[object]: ...

    def look(self, records: Sequence[Any]) -> None: ...

    def missed(self, why: str) -> None: ...


def _shown(output: Output, followed: Followed[Any]) -> _Shown:
    if output.out.is_terminal and not output.json:
        return _Picture(output.out, followed)
    return _Lines(output, followed)


class _Picture:
    """All records, drawn anew in their place."""

    def __init__(self, console: Console, followed: Followed[Any]) -> None:
        self._followed = followed
        self._last: RenderableType = Text()
        self._live = Live(console=console, auto_refresh=False)

    def there(self) -> AbstractContextManager[object]:
        return self._live

    def look(self, records: Sequence[Any]) -> None:
        empty = Text(self._followed.empty, style="dim")
        self._last = self._followed.table(records) if records else empty
        self._live.update(self._last, refresh=True)

    def missed(self, why: str) -> None:
        note = Text(f"{GONE}: {why}", style="yellow", no_wrap=True, overflow="ellipsis")
        self._live.update(Group(self._last, note), refresh=True)


class _Lines:
    """The records that are new or have changed."""

    def __init__(self, output: Output, followed: Followed[Any]) -> None:
        self._output, self._followed = output, followed
        self._known: dict[Hashable, object] = {}
        self._told: bool = False
        self._missing = False

    def there(self) -> AbstractContextManager[object]:
        return nullcontext()

    def look(self, records: Sequence[Any]) -> None:
        self._missing = False
        key, tells = self._followed.key, self._followed.tells
        seen = {key(record): tells(record) for record in records}
        changed = [one for one in records if self._known.get(key(one), self) != seen[key(one)]]
        changed = changed[::-1] if self._followed.newest_first else changed
        self._known = seen
        for record in changed:
            self._output.line(record)
        if changed:
            self._output.show(self._followed.table(changed, titled=not self._told))
            self._told = True

    def missed(self, why: str) -> None:
        if not self._missing:
            self._missing = True
            self._output.note_line(f"{GONE}: {why}", "yellow")
