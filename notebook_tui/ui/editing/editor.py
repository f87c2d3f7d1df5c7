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
from typing import ClassVar, Final, Literal

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Location
from textual.document._history import EditHistory
from textual.geometry import Offset
from textual.message import Message
from textual.timer import Timer
from textual.widgets import TextArea
from textual.widgets.text_area import Edit as TextEdit
from textual.widgets.text_area import EditResult, Selection

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import TAB_WIDTH
from notebook_tui.ui.drawing.syntax import code_lines
from notebook_tui.ui.editing.brackets import backspaced, bracket_beside, typed
from notebook_tui.ui.editing.changes import CHANGES
from notebook_tui.ui.editing.choices import EditingChoices
from notebook_tui.ui.editing.indent import outdented, tabbed
from notebook_tui.ui.editing.line_breaks import clause_dedented, line_broken
from notebook_tui.ui.editing.lines import smart_home as smart_home_of
from notebook_tui.ui.editing.passage import Passage, replaced_between
from notebook_tui.ui.keys.sequence import KeySequence, Matched, Pending
from notebook_tui.ui.keys.table import keys_of

_ANYWHERE: Final = {name: key.action for key in keys_of("anywhere") for name in key.keys}
_CHORDS: Final = {tuple(name.split()): key for key in keys_of("insert") for name in key.keys if " " in name}
_POINTS: Final = 0.6
"""Seconds for which a mouse rests before it is taken to point at something."""
_BRACKETS: Final = Style(bold=True, underline=True)


@dataclass(frozen=True, slots=True)
class Past:
    """What was done to a text, up to this one."""

    text: str
    history: EditHistory


class Editor(TextArea):
    ALLOW_MAXIMIZE: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(name, f"do('{key.action}')", key.title, show=False, id=f"insert.{key.action}")
        for key in keys_of("insert")
        for name in key.keys
        if " " not in name
    ]

    @dataclass
    class HelpWanted(Message):
        """A key asks for something at the caret."""

        what: Literal["completion", "signature", "description"]

    @dataclass
    class Typed(Message):
        """This character was put in by a key."""

        character: str

    @dataclass
    class Pointed(Message):
        """The mouse rests at that place of the text, or, None, does so no more."""

        offset: int | None

    class ChordChanged(Message):
        """A sequence of keys has been begun, or is over."""

    def __init__(
        self,
        perform: Callable[[str], None],
        clock: Callable[[], float],
        choices: EditingChoices | None = None,
    ) -> None:
        super().__init__(soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False)
        self._perform = perform
        self._clock = clock
        self.choices = choices or EditingChoices()
        self.chord = KeySequence(_CHORDS)
        self.pressed: tuple[str, ...] = ()
        """What has been pressed of a sequence."""
        self.display = False
        self.indent_width = TAB_WIDTH
        self.cursor_blink = False
        self.take_first: Callable[[str], bool] = lambda key: False
        """Is offered each key, and says whether that was all to be done."""
        self._given: tuple[str, int] | None = None
        self._pointing: Timer | None = None
        self._palette = Palette()
        self._source_language = "text"
        self._colored: list[Text] | None = None
        self._brackets: tuple[Location, ...] = ()

    @property
    def max_scroll_y(self) -> int:
        """Never scrolls: it is as tall as its text."""
        return 0

    @property
    def offset_of_caret(self) -> int:
        """The caret as an index into the text."""
        return self._offset(self.cursor_location)

    @property
    def language_of_source(self) -> str:
        """In which the text is, whatever the editor makes of it."""
        return self._source_language

    def place_of(self, offset: int) -> Offset:
        """Where that place of the text is, seen from the top left of the editor."""
        return self.wrapped_document.location_to_offset(self._location(offset))

    @property
    def passage(self) -> Passage:
        """The text and what is selected of it."""
        anchor, caret = self.selection
        return Passage(self.text, self._offset(anchor), self._offset(caret))

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

    def bracket_given(self) -> None:
        """The bracket before the caret came with a proposal: who types it all the same means that one."""
        self._given = (self.text, self.offset_of_caret)

    def become(self, passage: Passage | None) -> bool:
        """Be that text with that selection, in one step that can be undone; False where there is none."""
        if passage is None:
            return False
        before = self.passage
        if passage.text != before.text:
            change = replaced_between(before.text, passage.text)
            start, end = self._location(change.start), self._location(change.end)
            self.replace(change.text, start, end, maintain_selection_offset=False)
        self.selection = Selection(self._location(passage.anchor), self._location(passage.caret))
        return True

    def get_line(self, line_index: int) -> Text:
        """The line in its colours; the base class draws selection and caret into it."""
        if self._colored is None:
            self._colored = code_lines(self.text, self._source_language, self._palette)
        line = self._colored[line_index].copy()
        for row, column in self._brackets:
            if row == line_index:
                line.stylize(_BRACKETS, column, column + 1)
        return line

    def find_matching_bracket(self, bracket: str, search_from: Location) -> None:
        """Mark the bracket beside the caret, and its partner: `get_line` draws them, the base class only before the
        caret. Called when the caret has moved."""
        passage = self.passage
        found = None if passage.selected else bracket_beside(passage)
        self._brackets = tuple(self._location(place) for place in found) if found else ()

    def get_cursor_line_start_location(self, smart_home: bool = False) -> Location:
        if not smart_home:
            return super().get_cursor_line_start_location()
        return self._location(smart_home_of(self.passage))

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
        elif (not self.pressed and self.take_first(event.key)) or self._key_of_chord(event):
            pass
        elif event.key in _ANYWHERE:
            self._perform(_ANYWHERE[event.key])
        elif not self._own_key(event.key) and not self._typed(event):
            return
        event.stop()
        event.prevent_default()

    def tick(self) -> None:
        """Time passes: a sequence that was begun is forgotten."""
        if self.pressed and not self.chord.continues(self._clock()):
            self._forget_chord()

    def action_do(self, action: str) -> None:
        """Perform the command of that name of the table of keys."""
        if change := CHANGES.get(action):
            self.become(change(self.passage, self._source_language))
        else:
            getattr(self, f"action_{action}")()

    def action_leave(self) -> None:
        self._perform("leave")

    def action_complete(self) -> None:
        """Ask what may follow; there is nobody to ask in other languages."""
        if self._source_language == "python":
            self.post_message(self.HelpWanted("completion"))

    def action_show_signature(self) -> None:
        if self._source_language == "python":
            self.post_message(self.HelpWanted("signature"))

    def action_describe(self) -> None:
        if self._source_language == "python":
            self.post_message(self.HelpWanted("description"))

    def action_complete_or_indent(self) -> None:
        """After a word or a dot, what may follow; anywhere else, white space."""
        if not self.selection.is_empty:
            self.action_do("indent")
        elif self._source_language == "python" and re.search(r"[\w.]$", self.passage.before):
            self.action_complete()
        else:
            self.become(tabbed(self.passage))

    def action_delete_left(self) -> None:
        passage = self.passage
        pair = backspaced(passage, self._source_language) if self.choices.closes_brackets else None
        if not self.become(pair or outdented(passage)):
            super().action_delete_left()

    async def _on_mouse_move(self, event: events.MouseMove) -> None:
        await super()._on_mouse_move(event)
        if self._pointing is not None:
            self._pointing.stop()
        column, row = event.x, event.y
        is_on_text = row < self.wrapped_document.height and column < self._width_of_row(row)
        self.post_message(self.Pointed(None))
        if is_on_text and not event.button:
            offset = self._offset(self.get_target_document_location(event))
            self._pointing = self.set_timer(_POINTS, lambda: self.post_message(self.Pointed(offset)))

    def _own_key(self, key: str) -> bool:
        match key:
            case "enter":
                self.become(line_broken(self.passage, self._source_language))
            case "escape":
                self.action_leave()
            case "ctrl+c" if self.selection.is_empty:
                self._perform("interrupt")
            case _:
                return False
        return True

    def _typed(self, event: events.Key) -> bool:
        """Do what a character does beside being typed; False if that is all."""
        if event.character is None or not event.is_printable:
            return False
        self.post_message(self.Typed(event.character))
        passage = self.passage
        if event.character == "(" and self._given == (passage.text, passage.caret):
            return True
        pair = typed(passage, event.character, self._source_language) if self.choices.closes_brackets else None
        if pair is not None:
            return self.become(pair)
        if event.character != ":" or self._source_language != "python":
            return False
        clause = clause_dedented(passage.put(":"))
        return self.become(clause)

    def _key_of_chord(self, event: events.Key) -> bool:
        key = event.character if event.character and event.character.isalnum() else event.key
        begun = bool(self.pressed)
        if begun and key == "escape":
            self._forget_chord()
            return True
        outcome = self.chord.press(key, self._clock())
        self.pressed = outcome.pressed if isinstance(outcome, Pending) else ()
        if isinstance(outcome, Matched):
            self.action_do(outcome.key.action)
        if begun or self.pressed:
            self.post_message(self.ChordChanged())
        return begun or isinstance(outcome, Pending)

    def _forget_chord(self) -> None:
        self.chord.forget()
        self.pressed = ()
        self.post_message(self.ChordChanged())

    def _width_of_row(self, row: int) -> int:
        line, section = self.wrapped_document._offset_to_line_info[row]
        return cell_len(self.wrapped_document.get_sections(line)[section].expandtabs(TAB_WIDTH))

    def _offset(self, location: Location) -> int:
        row, column = location
        return sum(len(line) + 1 for line in self.document.lines[:row]) + column

    def _location(self, offset: int) -> Location:
        text = self.text
        return text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1)
