"""One line of text to change: the title of the notebook, the name of a section."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from notebook_tui.ui.dialogs.closes_once import ClosesOnce


class PromptScreen(ModalScreen[str | None], ClosesOnce[str | None]):
    """Dismissed with the text, its white space made single; None if it was cancelled or left empty."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", show=False)]

    def __init__(self, question: str, text: str) -> None:
        super().__init__()
        self._question = question
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text(self._question), classes="dialog-title")
            yield Input(self._text, select_on_focus=True)
            yield Static(Text("Enter keeps it · Esc cancels"), classes="dialog-note")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(" ".join(event.value.split()) or None)
