"""The one text editor of a notebook: it floats over the source of the cell that is edited.

A TextArea that is always as tall as its text (the list scrolls, it never does), coloured by the same function as the
cells around it, and that knows Python's indentation. It knows nothing of cells: it posts what happened.

Keys are acted on in the order in which they were pressed, however fast they come: what runs or saves the text is
performed here, between the letters before and after it, and what was pressed after the cell was left is handed back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.document._history import EditHistory
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit as TextEdit
from textual.widgets.text_area import EditResult, Selection

from notebook_tui.document.completion import Completion
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import TAB_WIDTH
from notebook_tui.ui.drawing.syntax import code_lines
from notebook_tui.ui.editing.completion_popup import CompletionPopup
from notebook_tui.ui.editing.indent import commented, dedented, indent_after, indented
from notebook_tui.ui.keys.table import keys_of

_WORD_BEFORE: Final = re.compile(r"\w*$")
_ANYWHERE: Final = {name: key.action for key in keys_of("anywhere") for name in key.keys}


@dataclass(frozen=True, slots=True)
class Past:
    """What was done to a text, up to this one."""

    text: str
    history: EditHistory


class Editor(TextArea):
    ALLOW_MAXIMIZE: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(key.keys), key.action, key.title, show=False, id=f"insert.{key.action}")
        for key in keys_of("insert")
    ]

    @dataclass
    class CompletionWanted(Message):
        text: str
        offset: int

    def __init__(self, popup: CompletionPopup, perform: Callable[[str], None]) -> None:
        super().__init__(soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False)
        self._perform = perform
        self.display = False
        self.indent_width = TAB_WIDTH
        self.cursor_blink = False
        self._popup = popup
        self._palette = Palette()
        self._source_language = "text"
        self._colored: list[Text] | None = None

    @property
    def max_scroll_y(self) -> int:
        """Never scrolls: it is as tall as its text."""
        return 0

    @property
    def offset_of_caret(self) -> int:
        """The caret as an index into the text."""
        return len(self.get_text_range((0, 0), self.cursor_location))

    @property
    def word_before_caret(self) -> str:
        row, column = self.cursor_location
        match = _WORD_BEFORE.search(self.document.get_line(row)[:column])
        return match[0] if match else ""

    def open(self, source: str, language: str, palette: Palette, past: Past | None = None) -> None:
        """Edit this text, with the caret at its end; what was done to it before can be undone if nobody else changed
        it since."""
        self._source_language, self._palette = language, palette
        self.display = True
        self.load_text(source)
        if past is not None and past.text == self.text:
            self.history = past.history
        self.move_cursor(self.document.end)

    def close(self) -> Past:
        """Edit nothing; what was done can be handed to `open` again."""
        self._popup.close()
        self.display = False
        self.history.checkpoint()
        past = Past(self.text, self.history)
        self.history = replace(self.history)
        return past

    def replace_all(self, source: str) -> None:
        """Show a text that somebody else wrote; the caret stays as near as it can."""
        location = self.cursor_location
        self.load_text(source)
        self.move_cursor(self.clamp_visitable(location))

    def accept(self, completion: Completion) -> None:
        """Put the completion in the place of the word before the caret."""
        self._popup.close()
        row, column = self.cursor_location
        start = (row, column - len(self.word_before_caret))
        self.replace(completion.insert, start, (row, column), maintain_selection_offset=False)

    def get_line(self, line_index: int) -> Text:
        """The line in its colours; the base class draws selection and caret into it."""
        if self._colored is None:
            self._colored = code_lines(self.text, self._source_language, self._palette)
        return self._colored[line_index].copy()

    def load_text(self, text: str) -> None:
        self._colored = None
        super().load_text(text)

    def edit(self, edit: TextEdit) -> EditResult:
        self._colored = None
        return super().edit(edit)

    def undo(self) -> None:
        self._colored = None
        super().undo()

    def redo(self) -> None:
        self._colored = None
        super().redo()

    def on_key(self, event: events.Key) -> None:
        if not self.display:
            self.app.post_message(events.Key(event.key, event.character))
        elif self._popup.is_open and self._key_of_popup(event.key):
            pass
        elif event.key in _ANYWHERE:
            self._perform(_ANYWHERE[event.key])
        elif not self._own_key(event.key):
            return
        event.stop()
        event.prevent_default()

    def action_leave(self) -> None:
        self._perform("leave")

    def action_complete(self) -> None:
        """Ask what may follow; there is nobody to ask in other languages."""
        if self._source_language != "python":
            return
        self.post_message(self.CompletionWanted(self.text, self.offset_of_caret))

    def action_complete_or_indent(self) -> None:
        """After a word or a dot, what may follow; anywhere else, white space."""
        row, column = self.cursor_location
        if not self.selection.is_empty:
            self._change_lines(indented)
        elif self._source_language == "python" and re.search(r"[\w.]$", self.document.get_line(row)[:column]):
            self.action_complete()
        else:
            self.insert(" " * (TAB_WIDTH - column % TAB_WIDTH), maintain_selection_offset=False)

    def action_dedent(self) -> None:
        self._change_lines(dedented)

    def action_toggle_comment(self) -> None:
        self._change_lines(commented)

    def _own_key(self, key: str) -> bool:
        match key:
            case "enter":
                self._break_line()
            case "escape":
                self.action_leave()
            case "ctrl+c" if self.selection.is_empty:
                self._perform("interrupt")
            case _:
                return False
        return True

    def _break_line(self) -> None:
        start, end = sorted(self.selection)
        before = self.document.get_line(start[0])[: start[1]]
        indent = indent_after(before) if self._source_language == "python" else ""
        self.replace("\n" + indent, start, end, maintain_selection_offset=False)

    def _key_of_popup(self, key: str) -> bool:
        match key:
            case "up" | "down":
                self._popup.move(1 if key == "down" else -1)
            case "enter" | "tab":
                self.accept(self._popup.selected)
            case "escape":
                self._popup.close()
            case _:
                return False
        return True

    def _change_lines(self, change: Callable[[list[str]], list[str]]) -> None:
        """Rewrite the lines of the selection; caret and selection stay on the same words."""
        (first, _), (last, _) = sorted(self.selection)
        old = [self.document.get_line(row) for row in range(first, last + 1)]
        new = change(old)
        if new == old:
            return
        anchor, caret = self.selection
        self.replace("\n".join(new), (first, 0), (last, len(old[-1])))
        grown = {row: len(after) - len(before) for row, (before, after) in enumerate(zip(old, new, strict=True), first)}
        moved = [self.clamp_visitable((row, max(0, column + grown[row]))) for row, column in (anchor, caret)]
        self.selection = Selection(*moved)
