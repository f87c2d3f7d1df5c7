"""The settings of a code cell: each with its value, changed by a key or a press, kept by Enter."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from notebook_tui.document.attributes import CELL
from notebook_tui.document.notebook import Cell
from notebook_tui.ui.dialogs.closes_once import ClosesOnce

_TITLES: Final = {
    "reevaluate_automatically": "Run it again by itself when it is stale",
    "continue_on_error": "Run what is below although it fails",
    "folded": "Show only its first line",
    "hide_code": "Show its outputs only",
}
_NODE: Final = "Node to run on; empty: that of the others"
_SIZES: Final = ("default", "wide", "full")


class CellSettings(ModalScreen[dict[str, object] | None], ClosesOnce[dict[str, object] | None]):
    """Dismissed with what is to be another than it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
        Binding("space", "turn", show=False),
        Binding("enter", "keep", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    CellSettings Input { margin-top: 1; }
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self._before = {key: cell.metadata.get(key, attribute.default) for key, attribute in CELL.items()}
        self._now = dict(self._before)
        self._keys = [*_TITLES, "output_size"]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text("Settings of the cell"), classes="dialog-title")
            yield OptionList(*(Option(self._row(key)) for key in self._keys))
            yield Input(str(self._before["node"]), placeholder=_NODE)
            yield Static(
                Text("Space changes · Tab to the node · Enter keeps it all · Esc cancels"), classes="dialog-note"
            )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._turn(event.option_index)

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_turn(self) -> None:
        if (index := self.query_one(OptionList).highlighted) is not None:
            self._turn(index)

    def action_keep(self) -> None:
        self._now["node"] = self.query_one(Input).value.strip()
        self.dismiss({key: value for key, value in self._now.items() if value != self._before[key]})

    def _turn(self, index: int) -> None:
        key = self._keys[index]
        value = self._now[key]
        if key == "output_size":
            self._now[key] = _SIZES[(_SIZES.index(str(value)) + 1) % len(_SIZES)] if value in _SIZES else "default"
        else:
            self._now[key] = value is not True
        self.query_one(OptionList).replace_option_prompt_at_index(index, self._row(key))

    def _row(self, key: str) -> Text:
        value = self._now[key]
        if key == "output_size":
            return Text(f"    Size of its outputs: {value}")
        return Text(f"[{'x' if value is True else ' '}] {_TITLES[key]}")
