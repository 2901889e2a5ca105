"""A table whose rows change in their places."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.widgets import DataTable

from outlast.cli.consoles import harmless_text


class LiveTable(DataTable[Text]):
    """Whoever reads stays where they are: the cursor on its record, whatever comes above it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "open")]

    def __init__(self, titles: Sequence[str], *, id: str) -> None:  # noqa: A002 - as widgets have it
        super().__init__(id=id, cursor_type="row", cursor_foreground_priority="css")
        self._titles = titles

    def on_mount(self) -> None:
        """Make the columns."""
        for title in self._titles:
            self.add_column(title, key=title)

    @property
    def chosen(self) -> str | None:
        """The key of the row that the cursor is on."""
        rows = self.ordered_rows
        return rows[self.cursor_row].key.value if self.is_valid_row_index(self.cursor_row) else None

    def show(self, records: Mapping[str, Sequence[Text]]) -> None:
        """Have these rows, by key, in this order."""
        shown = {key: [harmless_text(cell) for cell in cells] for key, cells in records.items()}
        if [row.key.value for row in self.ordered_rows] == list(shown):
            self._change(shown)
        else:
            self._replace(shown)

    def _change(self, records: Mapping[str, Sequence[Text]]) -> None:
        for key, cells in records.items():
            for title, cell in zip(self._titles, cells, strict=True):
                if self.get_cell(key, title) != cell:
                    self.update_cell(key, title, cell, update_width=True)

    def _replace(self, records: Mapping[str, Sequence[Text]]) -> None:
        chosen, row, place = self.chosen, self.cursor_row, self.scroll_offset
        self.clear()
        for key, cells in records.items():
            self.add_row(*cells, key=key)
        if chosen is not None and chosen in records:
            row = self.get_row_index(chosen)
        self.move_cursor(row=row, scroll=False)
        self.call_after_refresh(self._back_to, place)

    def _back_to(self, place: Offset) -> None:
        self.scroll_to(place.x, place.y, animate=False)
