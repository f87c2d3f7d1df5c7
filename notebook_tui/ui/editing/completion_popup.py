"""The list of completions that floats at the caret. The editor keeps the focus and hands on the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Offset, Region, Size
from textual.widget import Widget

from notebook_tui.document.completion import Completion, CompletionKind
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.editing.fitting import fitting
from notebook_tui.ui.editing.placing import by_caret

_ROWS: Final = 8
_MARK: Final = "▸"
_EDGE: Final = "│"
_LEFT: Final = len(_EDGE) + len("ƒ ") + len(_MARK)
"""Columns before the first letter of a proposal."""
_WIDEST: Final = 64
_SIGNS: Final[dict[CompletionKind, str]] = {
    "function": "ƒ",
    "class": "◇",
    "module": "▤",
    "variable": "=",
    "attribute": ".",
    "keyword": "#",
}


class CompletionPopup(Widget, can_focus=False):
    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"completion-popup--selected", "completion-popup--muted"}

    def __init__(self, on_mark: Callable[[], None]) -> None:
        """`on_mark` is called when another one is marked, and when the list opens or closes."""
        super().__init__()
        self.display = False
        self._on_mark = on_mark
        self._all: tuple[Completion, ...] = ()
        self._shown: list[Completion] = []
        self._selected = 0
        self._list = Region()

    @property
    def is_open(self) -> bool:
        return self.display

    @property
    def selected(self) -> Completion:
        """The marked completion of an open list."""
        return self._shown[self._selected]

    @property
    def list_region(self) -> Region:
        """Where the open list lies."""
        return self._list

    def open(self, completions: Sequence[Completion], word: str) -> None:
        """Show what fits the word before the caret; stays closed if nothing does."""
        self._all = tuple(completions)
        self.narrow(word)

    def narrow(self, word: str) -> None:
        """Keep what fits the word; close when nothing does, or when the word is all there is."""
        self._shown = fitting(self._all, word)
        self._selected = 0
        if not self._shown or [each.insert for each in self._shown] == [word]:
            self.close()
            return
        self.styles.width, self.styles.height = self._size_of_list()
        self.display = True
        self._on_mark()
        self.refresh()

    def close(self) -> None:
        if self.display:
            self.display = False
            self._on_mark()

    def move(self, by: int) -> None:
        """Mark another; round the ends."""
        self._selected = (self._selected + by) % len(self._shown)
        self._on_mark()
        self.refresh()

    def move_page(self, direction: int) -> None:
        """Mark one a page farther; no farther than the end."""
        self._selected = max(0, min(self._selected + direction * _ROWS, len(self._shown) - 1))
        self._on_mark()
        self.refresh()

    def place(self, caret: Offset, room: Size) -> None:
        """Below the caret, or above it where there is no room below; both seen from the top left of the parent."""
        self._list = by_caret(caret - (_LEFT, 0), self._size_of_list(), room)
        self.styles.offset = self._list.offset

    def render(self) -> Text:
        width = self._size_of_list().width
        rows = [self._row(each, width - len(_EDGE)) for each in self._shown[self._first : self._first + _ROWS]]
        rows[self._selected - self._first].stylize(self.get_component_rich_style("completion-popup--selected"))
        if any(each.detail for each in self._shown):
            muted = self.get_component_rich_style("completion-popup--muted")
            detail = next(iter(printable(self.selected.detail).splitlines()), "")
            rows.append(_fitted(Text(f" {detail}", muted), width - len(_EDGE)))
        focus = palette_of(self.app.theme_variables).focus
        return Text("\n").join(Text.assemble((_EDGE, focus), row) for row in rows)

    @property
    def _first(self) -> int:
        """The first of the rows that are seen: the marked one is always among them."""
        return max(0, self._selected - _ROWS + 1)

    def _row(self, completion: Completion, width: int) -> Text:
        muted = self.get_component_rich_style("completion-popup--muted")
        mark = _MARK if completion is self.selected else " "
        label = Text.assemble((f"{_SIGNS.get(completion.kind, ' ')} ", muted), f"{mark}{printable(completion.label)}")
        return Text.assemble(_fitted(label, width - len(completion.kind) - 2), (f" {completion.kind} ", muted))

    def _size_of_list(self) -> Size:
        widest = max(cell_len(each.label) + len(each.kind) + _LEFT + 3 for each in self._shown)
        detail = max((cell_len(each.detail) + 3 for each in self._shown), default=0)
        has_detail = any(each.detail for each in self._shown)
        return Size(min(_WIDEST, max(widest, detail)), min(_ROWS, len(self._shown)) + has_detail)


def _fitted(text: Text, width: int) -> Text:
    text.truncate(max(1, width), overflow="ellipsis", pad=True)
    return text
