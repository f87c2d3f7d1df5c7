"""The list of cells and what floats above it: the editor over the source it edits, completions at its caret.

Owns the life of an edit. Typed text goes to the session after a short pause, and at once before anything else that
the user asks for (`flush`); text that comes from the session enters the editor only if it is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Offset
from textual.message import Message

from notebook_tui.document.completion import Completion
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import Operation, SetCellSource
from notebook_tui.ui.cells.cell_list import CellList, MakePainter
from notebook_tui.ui.cells.cell_strips import Painter
from notebook_tui.ui.cells.items import CellItem, Item, focusable
from notebook_tui.ui.drawing.frame import frame_for
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.rows import row_numbers
from notebook_tui.ui.editing.completion_popup import CompletionPopup
from notebook_tui.ui.editing.editor import Editor, Past
from notebook_tui.ui.editing.source_sync import SourceSync

PAUSE: Final = 0.25
"""Seconds without a key after which typed text is sent."""


@dataclass(frozen=True, slots=True)
class WordPlace:
    """Where the word under the caret begins: completions are for this place and no other."""

    cell_id: str
    row: int
    column: int


class NotebookView(Container):
    @dataclass
    class CompletionWanted(Message):
        cell_id: str
        text: str
        offset: int

    class EditingChanged(Message):
        """A cell has been opened for editing, or left."""

    def __init__(
        self,
        send: Callable[[Operation], None],
        perform: Callable[[str], None],
        clock: Callable[[], float],
        make_painter: MakePainter = Painter,
    ) -> None:
        super().__init__()
        self._send = send
        self._clock = clock
        self._list = CellList(clock, make_painter)
        self._popup = CompletionPopup()
        self._editor = Editor(self._popup, perform)
        self._order: tuple[str, ...] = ()
        self._sync: SourceSync | None = None
        self._pasts: dict[str, Past] = {}
        self._typed_at = 0.0
        self._asked: WordPlace | None = None

    def compose(self) -> ComposeResult:
        yield self._list
        yield self._editor
        yield self._popup

    @property
    def focused_id(self) -> str:
        return self._list.focused_id

    @property
    def is_editing(self) -> bool:
        return self._sync is not None

    def show(self, items: Sequence[Item]) -> None:
        """Show the newest state of everything."""
        place = self._order.index(self.focused_id) if self.focused_id in self._order else 0
        self._order = tuple(focusable(items))
        lost = self.focused_id not in self._order
        if lost and self.is_editing:
            self._close_editor()
        self._list.show(items)
        if lost:
            self.focus_item(self._order[min(place, len(self._order) - 1)])
        self._receive_source(items)

    @property
    def folded(self) -> frozenset[str]:
        """The cells whose outputs are one row here."""
        return self._list.folded

    def fold(self, ids: frozenset[str]) -> None:
        """Make the outputs of these cells one row each, and show those of all others."""
        self._list.fold(ids)

    def focus_item(self, id: str) -> None:
        """Give an item the focus; an edit in another one ends."""
        if id != self.focused_id:
            self.leave()
        self._list.focus_item(id)

    def focus_by(self, offset: int) -> None:
        """Give the focus to the item so many places below, as far as there are any."""
        place = self._order.index(self.focused_id) + offset
        self.focus_item(self._order[max(0, min(place, len(self._order) - 1))])

    def take_focus(self) -> None:
        """Make the keys of navigation work."""
        self.screen.set_focus(self._list, scroll_visible=False)

    def scroll_page(self, direction: int) -> None:
        """Scroll by a page, and give the focus to the first item that is seen there; at the end, to the last."""
        self.leave()
        if self._list.scroll_page(direction):
            self._list.mark_item(self._list.first_seen(self._order))
        else:
            self.focus_item(self._order[-1 if direction > 0 else 0])

    def edit(self, cell: Cell, line: int | None = None) -> None:
        """Open the editor over a cell, with the caret at the end of its text or of that line, from 1."""
        self.focus_item(cell.id)
        language = "markdown" if cell.kind == "markdown" else cell.language
        palette = palette_of(self.app.theme_variables)
        self._editor.open(cell.source, language, palette, self._pasts.get(cell.id))
        self._sync = SourceSync(cell.source, self._editor.text)
        if line is not None:
            row = max(0, min(line, self._editor.document.line_count) - 1)
            self._editor.move_cursor((row, len(self._editor.document.get_line(row))))
        # At once, not by a message: the next key may be in the queue already, and it is text.
        self.screen.set_focus(self._editor, scroll_visible=False)
        self._follow_editor()
        self.post_message(self.EditingChanged())

    def leave(self) -> None:
        """End the edit; what was typed is sent."""
        if self.is_editing:
            self.flush()
            self._close_editor()

    def flush(self) -> bool:
        """Send what was typed and is not sent yet; whether there was any."""
        if self._sync is None:
            return False
        # The editor's own text: its message about the last keys may still be on its way.
        self._sync.typed(self._editor.text)
        text = self._sync.take_unsent()
        if text is not None:
            self._send(SetCellSource(self.focused_id, text))
        return text is not None

    def tick(self) -> None:
        """Time passes: running cells count, and typed text is sent after a pause."""
        self._list.tick()
        if self._clock() - self._typed_at >= PAUSE:
            self.flush()

    def show_completions(self, cell_id: str, completions: Sequence[Completion]) -> bool:
        """What the runtime proposes; dropped if the caret has gone to another word since it was asked. False if there
        is nothing to show for the word."""
        if self._asked is None or self._word_place() != self._asked or cell_id != self._asked.cell_id:
            return True
        word = self._editor.word_before_caret
        if len(completions) == 1 and completions[0].insert.startswith(word):
            self._editor.accept(completions[0])
            return True
        self._popup.open(completions, word)
        self._place_popup()
        return self._popup.is_open

    @on(Editor.Changed)
    def _typed(self, event: Editor.Changed) -> None:
        event.stop()
        self._typed_at = self._clock()
        self._follow_editor()

    @on(Editor.SelectionChanged)
    def _caret_moved(self, event: Editor.SelectionChanged) -> None:
        event.stop()
        self._follow_editor()

    @on(Editor.CompletionWanted)
    def _completion_wanted(self, event: Editor.CompletionWanted) -> None:
        event.stop()
        self._asked = self._word_place()
        self.post_message(self.CompletionWanted(self.focused_id, event.text, event.offset))

    @on(CellList.Shifted)
    def _rows_shifted(self, event: CellList.Shifted) -> None:
        event.stop()
        if self.is_editing:
            self._place_editor()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._list.scroll_relative(y=self.app.scroll_sensitivity_y, animate=False)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._list.scroll_relative(y=-self.app.scroll_sensitivity_y, animate=False)

    def on_resize(self) -> None:
        if self.is_editing:
            self._follow_editor()

    def _receive_source(self, items: Sequence[Item]) -> None:
        if self._sync is None:
            return
        item = next(item for item in items if item.id == self.focused_id)
        self._sync.typed(self._editor.text)
        if isinstance(item, CellItem) and (text := self._sync.received(item.cell.source)) is not None:
            self._editor.replace_all(text)
            self._sync = SourceSync(text, self._editor.text)

    def _follow_editor(self) -> None:
        """Give the editor the room it needs now, and keep its caret in view."""
        if not self.is_editing:
            return
        text = self._editor.text
        frame = frame_for(self._list.size.width, text.count("\n") + 1)
        self._list.set_editing(row_numbers(text, frame.wrap_width))
        self._list.reveal_row(self._caret().y)
        self._place_editor()
        self._narrow_popup()

    def _place_editor(self) -> None:
        region = self._list.editor_region()
        self._editor.styles.offset = region.offset
        self._editor.styles.width, self._editor.styles.height = region.size
        self._place_popup()
        self.call_after_refresh(self._put_terminal_cursor)

    def _put_terminal_cursor(self) -> None:
        # Screen readers, braille displays and input methods look at the terminal's own cursor.
        if self.is_editing:
            self.app.cursor_position = self._editor.cursor_screen_offset

    def _close_editor(self) -> None:
        self._sync = None
        self._asked = None
        self._pasts[self.focused_id] = self._editor.close()
        self._list.set_editing(None)
        self.take_focus()
        self.post_message(self.EditingChanged())

    def _caret(self) -> Offset:
        return self._editor.wrapped_document.location_to_offset(self._editor.cursor_location)

    def _word_place(self) -> WordPlace:
        row, column = self._editor.cursor_location
        return WordPlace(self.focused_id, row, column - len(self._editor.word_before_caret))

    def _narrow_popup(self) -> None:
        if not self._popup.is_open:
            return
        if self._word_place() == self._asked:
            self._popup.narrow(self._editor.word_before_caret)
        else:
            self._popup.close()

    def _place_popup(self) -> None:
        if self._popup.is_open:
            region = self._list.editor_region()
            word = Offset(len(self._editor.word_before_caret), 0)
            self._popup.place(region.offset + self._caret() - word, self.size)
