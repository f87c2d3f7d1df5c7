"""The sections of the notebook at the side: choose one and the focus goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from notebook_tui.ui.cells.items import Item, SectionItem


class Outline(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("escape", "close", show=False),
    ]

    @dataclass
    class Chosen(Message):
        section_id: str

    class Closed(Message):
        """The user is done with the outline."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.display = False
        self.border_title = "Sections"
        self._sections: tuple[SectionItem, ...] = ()

    def show(self, items: Sequence[Item]) -> None:
        """Name the sections; the marked one stays marked."""
        sections = tuple(item for item in items if isinstance(item, SectionItem))
        if sections == self._sections:
            return
        self._sections = sections
        marked = self.highlighted
        self.set_options(Option(_prompt(section), id=section.id) for section in sections)
        self.highlighted = marked if marked is not None and marked < len(sections) else 0 if sections else None

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Chosen(event.option_id))


def _prompt(section: SectionItem) -> Text:
    tally = f" {section.done}/{section.cells}" if section.cells else ""
    return Text(f"{section.name}{tally}", overflow="ellipsis", no_wrap=True)
