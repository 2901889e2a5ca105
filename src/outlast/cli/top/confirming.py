"""A question before something is done that cannot be taken back."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label


class Confirming(ModalScreen[bool]):
    """Yes or no, by a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape", "answer(False)", "no"),
    ]
    CSS = """
    Confirming { align: center middle; }
    Confirming > Vertical { width: auto; max-width: 90%; height: auto; border: round $warning; padding: 0 2; }
    Confirming Label { width: auto; }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, and the keys that answer it."""
        with Vertical():
            yield Label(self._question, markup=False)
            yield Label("")
            yield Label("[b]y[/b] yes   [b]n[/b] no")

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - textual passes it so
        """Give the answer."""
        self.dismiss(answer)
