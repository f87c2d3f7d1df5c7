"""The command palette: type some letters of what is to happen, and press Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from notebook_tui.ui.choosing.choice_list import ChoiceList
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.finding.command import Command
from notebook_tui.ui.finding.palette_rows import palette_rows


class PaletteScreen(ModalScreen[Command | None], ClosesOnce[Command | None]):
    """Dismissed with the command that was chosen."""

    DEFAULT_CSS = """
    PaletteScreen {
        align: center top;

        & > Vertical {
            width: 90;
            max-width: 94%;
            height: 80%;
            margin-top: 2;
            border: round $primary;
            background: $background;
        }

        & Input { border: none; height: 1; padding: 0 2; margin: 0 0 1 0; background: $background; }
        & Input:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]

    def __init__(self, commands: Sequence[Command], used: Sequence[str], typed: str = "") -> None:
        super().__init__()
        self._commands = commands
        self._used = used
        self._line = Input(typed, placeholder="What is to happen? Type some letters of it", select_on_focus=False)
        self._rows = ChoiceList()
        self._rows.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self._line
            yield self._rows

    def on_mount(self) -> None:
        self._show()
        self._line.focus()

    def action_move(self, by: int) -> None:
        self._rows.move(by)

    @on(Input.Changed)
    def _show(self) -> None:
        rows = palette_rows(self._commands, self._line.value, self._used)
        self._rows.show(rows, lambda _first: True)

    @on(Input.Submitted)
    def _chosen(self) -> None:
        if (entry := self._rows.marked) is not None:
            self.dismiss(next(command for command in self._commands if command.id == entry.path))

    @on(ChoiceList.Pressed)
    def _pressed(self) -> None:
        self._chosen()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._rows.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._rows.move(-3)
