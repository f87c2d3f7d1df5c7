"""The list of completions that floats at the caret. The editor keeps the focus and hands on the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.geometry import Offset, Size
from textual.widget import Widget

from notebook_tui.document.completion import Completion
from notebook_tui.ui.drawing.printable import printable

_ROWS: Final = 8
_MARK: Final = "▸"
_WIDEST: Final = 64


class CompletionPopup(Widget, can_focus=False):
    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"completion-popup--selected", "completion-popup--muted"}

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._all: tuple[Completion, ...] = ()
        self._shown: list[Completion] = []
        self._selected = 0

    @property
    def is_open(self) -> bool:
        return self.display

    @property
    def selected(self) -> Completion:
        """The marked completion of an open list."""
        return self._shown[self._selected]

    def open(self, completions: Sequence[Completion], word: str) -> None:
        """Show what fits the word before the caret; stays closed if nothing does."""
        self._all = tuple(completions)
        self.narrow(word)

    def narrow(self, word: str) -> None:
        """Keep what begins with the word; close when nothing does, or when the word is all there is."""
        self._shown = [each for each in self._all if each.insert.startswith(word)]
        self._shown = self._shown or [each for each in self._all if each.insert.lower().startswith(word.lower())]
        self._selected = 0
        if not self._shown or [each.insert for each in self._shown] == [word]:
            self.close()
            return
        self.styles.width, self.styles.height = self._size_of_list()
        self.display = True
        self.refresh()

    def close(self) -> None:
        self.display = False

    def move(self, by: int) -> None:
        """Mark another; round the ends."""
        self._selected = (self._selected + by) % len(self._shown)
        self.refresh()

    def place(self, caret: Offset, room: Size) -> None:
        """Below the caret, or above it where there is no room below; both seen from the top left of the parent."""
        width, height = self._size_of_list()
        x = max(0, min(caret.x - len(_MARK), room.width - width))
        below = caret.y + 1
        self.styles.offset = (x, below if below + height <= room.height else max(0, caret.y - height))

    def render(self) -> Text:
        width = self._size_of_list().width
        rows = [self._row(each, width) for each in self._shown[self._first : self._first + _ROWS]]
        rows[self._selected - self._first].stylize(self.get_component_rich_style("completion-popup--selected"))
        if self.selected.detail:
            muted = self.get_component_rich_style("completion-popup--muted")
            rows.append(_fitted(Text(f" {printable(self.selected.detail).splitlines()[0]}", muted), width))
        return Text("\n").join(rows)

    @property
    def _first(self) -> int:
        """The first of the rows that are seen: the marked one is always among them."""
        return max(0, self._selected - _ROWS + 1)

    def _row(self, completion: Completion, width: int) -> Text:
        muted = self.get_component_rich_style("completion-popup--muted")
        mark = _MARK if completion is self.selected else " "
        label = _fitted(Text(f"{mark}{printable(completion.label)}"), width - len(completion.kind) - 2)
        return Text.assemble(label, (f" {completion.kind} ", muted))

    def _size_of_list(self) -> Size:
        widest = max(len(each.label) + len(each.kind) + 4 for each in self._shown)
        detail = max((len(each.detail) + 2 for each in self._shown), default=0)
        has_detail = any(each.detail for each in self._shown)
        return Size(min(_WIDEST, max(widest, detail)), min(_ROWS, len(self._shown)) + has_detail)


def _fitted(text: Text, width: int) -> Text:
    text.truncate(max(1, width), overflow="ellipsis", pad=True)
    return text
