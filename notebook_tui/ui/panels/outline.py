"""The sections of the notebook at the side: choose one and the focus goes there."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from notebook_tui.document.state import State
from notebook_tui.ui.cells.items import SectionItem, items_of
from notebook_tui.ui.panels.panel import Panel


class Outline(Panel):
    NAME = "outline"
    TITLE = "Sections"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]
    DEFAULT_CSS = """
    Outline OptionList {
        border: none;
        padding: 0;
        background: $background;
        height: 1fr;

        &:focus {
            border: none;
            background-tint: $foreground 0%;
        }
    }
    """

    def __init__(self, go_to: Callable[[str], None]) -> None:
        """`go_to` gives the focus to the section of that id."""
        super().__init__()
        self._go_to = go_to
        self._list = OptionList(markup=False)
        self._sections: tuple[SectionItem, ...] = ()

    def compose(self) -> ComposeResult:
        yield self._list

    def show(self, state: State) -> None:
        """Name the sections; the marked one stays marked."""
        sections = tuple(item for item in items_of(state) if isinstance(item, SectionItem))
        if sections == self._sections:
            return
        self._sections = sections
        marked = self._list.highlighted
        self._list.set_options(Option(_prompt(section), id=section.id) for section in sections)
        self._list.highlighted = marked if marked is not None and marked < len(sections) else 0 if sections else None

    def action_move(self, by: int) -> None:
        if by > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self._go_to(event.option_id)


def _prompt(section: SectionItem) -> Text:
    tally = f" {section.done}/{section.cells}" if section.cells else ""
    return Text(f"{section.name}{tally}", overflow="ellipsis", no_wrap=True)
