"""One of several options, chosen by arrows, by the beginning of its name, or by the mouse. Escape chooses none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.printable import printable_row


class PickScreen(ModalScreen[int | None], ClosesOnce[int | None]):
    """Dismissed with the index of the option, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", show=False)]
    DEFAULT_CSS = """
    PickScreen OptionList { max-height: 16; }
    """

    def __init__(self, question: str, options: Sequence[str], chosen: int = 0) -> None:
        super().__init__()
        self._question = printable_row(question)
        self._options = tuple(map(printable_row, options))
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text(self._question), classes="dialog-title")
            yield OptionList(*(Option(Text(each)) for each in self._options))
            yield Static(Text("Enter chooses · a letter goes there · Esc cancels"), classes="dialog-note")

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = self._chosen

    def on_key(self, event: events.Key) -> None:
        letter = event.character
        if letter is None or not letter.isprintable() or letter == " ":
            return
        options = self.query_one(OptionList)
        here = options.highlighted if options.highlighted is not None else -1
        order = [*range(here + 1, len(self._options)), *range(here + 1)]
        found = next((index for index in order if self._options[index].casefold().startswith(letter.casefold())), None)
        if found is not None:
            event.stop()
            options.highlighted = found

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)
