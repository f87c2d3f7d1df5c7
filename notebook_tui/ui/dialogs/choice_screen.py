"""A question with a few answers, each with a letter of its own. Escape gives none of them."""

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

from beamlike.kernel.record import frozen
from notebook_tui.ui.dialogs.closes_once import ClosesOnce


@frozen
class Choice:
    letter: str
    answer: str
    text: str


class ChoiceScreen(ModalScreen[str | None], ClosesOnce[str | None]):
    """Dismissed with the answer of the choice, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    def __init__(self, question: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._question = question
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text(self._question), classes="dialog-title")
            yield OptionList(*(Option(Text(f"{each.letter}  {each.text}")) for each in self._choices))
            yield Static(Text("Esc cancels"), classes="dialog-note")

    def on_key(self, event: events.Key) -> None:
        for choice in self._choices:
            if event.character == choice.letter:
                event.stop()
                self.dismiss(choice.answer)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index].answer)

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()
