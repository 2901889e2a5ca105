"""The consoles that a command prints to: what users, models and errors wrote is neither markup nor a command for a terminal."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

_CONTROLS: Final = (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))
"""Escapes and the like: a terminal obeys them. Line ends and tabs are not among them."""
_TURNS: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What turns the direction of writing, also of what stands beside it."""
_LEFT_OUT: Final = dict.fromkeys((*_CONTROLS, *_TURNS))
_IN_ITS_PLACE: Final = dict.fromkeys((*_CONTROLS, *_TURNS), "\u200b")
"""As wide as what it stands for: nothing."""


def console(*, stderr: bool) -> Console:
    """Standard output or standard error."""
    return _Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def harmless(text: str) -> str:
    """The text without what a terminal would take for a command."""
    return text if text.isprintable() else text.translate(_LEFT_OUT)


def harmless_text(text: Text) -> Text:
    """The same of a styled text, whose styles stay where they are."""
    if text.plain.isprintable():
        return text
    shaped = text.copy()
    shaped.plain = text.plain.translate(_IN_ITS_PLACE)
    return shaped


class Harmless:
    """The same of anything that is drawn on a console other than these."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return _harmless(console.render(self._renderable, options))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._renderable)


class _Console(Console):
    """All that is printed becomes segments, and what is left out there was measured as of no width."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        return _harmless(super().render(renderable, options))


def _harmless(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if segment.control or segment.text.isprintable():
            yield segment
        else:
            yield Segment(harmless(segment.text), segment.style)
