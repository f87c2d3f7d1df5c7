"""The one text editor of a notebook: it floats over the source of the cell that is edited.

A TextArea that is always as tall as its text (the list scrolls, it never does), coloured by the same function as the
cells around it, and that knows Python's indentation. It knows nothing of cells: it posts what happened.

Keys are acted on in the order in which they were pressed, however fast they come: what runs or saves the text is
performed here, between the letters before and after it, and what was pressed after the cell was left is handed back.

It is one room because TextArea is one class: what of it is done otherwise can stand nowhere else, and the rest, which
needs no widget, stands in files beside this one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Location
from textual.document._history import EditHistory
from textual.geometry import Offset, Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import TextArea
from textual.widgets.text_area import Edit as TextEdit
from textual.widgets.text_area import EditResult, Selection, TextAreaTheme

from beamlike.kernel.record import frozen
from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.ui.drawing.colouring import Colouring
from notebook_tui.ui.drawing.others import Other, drawn_on
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import TAB_WIDTH
from notebook_tui.ui.editing import graphemes
from notebook_tui.ui.editing.brackets import backspaced, bracket_beside, typed
from notebook_tui.ui.editing.changes import CHANGES
from notebook_tui.ui.editing.choices import EditingChoices
from notebook_tui.ui.editing.exchange import Exchange, pieces
from notebook_tui.ui.editing.indent import outdented, tabbed
from notebook_tui.ui.editing.line_breaks import clause_dedented, line_broken
from notebook_tui.ui.editing.lines import smart_home as smart_home_of
from notebook_tui.ui.editing.locations import location_at
from notebook_tui.ui.editing.passage import Passage, replaced_between
from notebook_tui.ui.editing.past_moved import move_past
from notebook_tui.ui.keys.sequence import KeySequence, Matched, Pending
from notebook_tui.ui.keys.table import DEFAULT, KeyTable, keys_of

_POINTS: Final = 0.6
"""Seconds for which a mouse rests before it is taken to point at something."""
_ESCAPED: Final = re.compile(r"alt\+(shift\+)?\w")
_KEPT_ROWS: Final = 512
_BRACKETS: Final = Style(bold=True, underline=True)
_FOUND: Final = Style(reverse=True, underline=True)
_SELECTED: Final = Style(reverse=True)


@frozen
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
        self.use(DEFAULT)
        self.pressed: tuple[str, ...] = ()
        """What has been pressed of a sequence."""
        self.display = False
        self.indent_width = TAB_WIDTH
        self.cursor_blink = False
        self.take_first: Callable[[str], bool] = lambda key: False
        """Is offered each key, and says whether that was all to be done."""
        self.take_next: Callable[[events.Key], bool] = lambda event: False
        """Is offered what is left: the map of keys."""
        self._found: tuple[tuple[int, int], ...] = ()
        self._lines: tuple[int, int] | None = None
        self._others: tuple[Other, ...] = ()
        self._given: tuple[str, int] | None = None
        self._pointing: Timer | None = None
        self._palette = Palette()
        self._source_language = "text"
        self._colouring = Colouring(self._source_language, self._palette)
        self._colored: list[Text] | None = None
        self.version = 0
        """Goes up with every change of the text."""
        self._exchange = Exchange()
        self._painted: OrderedDict[tuple[object, ...], tuple[Text, Strip]] = OrderedDict()
        self._brackets: tuple[Location, ...] = ()
        self._styled: TextAreaTheme | None = None
        """The looks that have been filled from the style sheet, and for what."""
        self._styled_for: tuple[object, ...] = ()

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
        self._colouring = Colouring(language, palette)
        self._painted.clear()
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

    def take_typed(self) -> Delta:
        """What was done to the text since this was asked last, or since it was opened."""
        return () if self._exchange.is_settled else self._exchange.take(self.text)

    def take_in(self, change: Delta) -> None:
        """Make a change that somebody else has made: caret, selection, and what can be undone, move along."""
        if not change:
            return
        before = self.passage
        move_past(self.history, before.text, change)
        own, self.history = self.history, EditHistory(1, 1.0, 1)
        for start, end, text in reversed(pieces(change)):
            edit = TextEdit(text, self._location(start), self._location(end), maintain_selection_offset=True)
            self.edit(edit)
        self.history = own
        places = (deltas.transform_position(change, place, stays=True) for place in (before.anchor, before.caret))
        self.selection = Selection(*map(self._location, places))
        self._exchange.settled(self.text)

    def use(self, table: KeyTable) -> None:
        """Keys mean what they do in this table from now on."""
        self._anywhere = table.anywhere
        self.chord = KeySequence(
            {tuple(name.split()): key for key in table.of("insert") for name in key.keys if " " in name}
        )

    def highlight(self, spans: Sequence[tuple[int, int]]) -> None:
        """Mark these places of the text as found."""
        self._redraw(tuple(spans), self._lines)

    def mark_others(self, others: tuple[Other, ...]) -> None:
        """Draw the carets of other people in this text."""
        if others != self._others:
            self._others = others
            self._line_cache.clear()
            self.refresh()

    def highlight_lines(self, span: tuple[int, int] | None) -> None:
        """Mark what stands there as selected, wherever the caret is."""
        self._redraw(self._found, span)

    def press_own(self, key: str) -> None:
        """A key as if it were pressed, past the map of keys."""
        if len(key) == 1 and not self._typed(events.Key(key, key)):
            self.replace(key, *self.selection, maintain_selection_offset=False)
        elif key == "backspace":
            self.action_delete_left()
        elif len(key) > 1:
            self._own_key(key)

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
        line = self._coloured_line(line_index).copy()
        for row, column in self._brackets:
            if row == line_index:
                line.stylize(_BRACKETS, column, column + 1)
        wide = self._wide_caret() if line_index == self.cursor_location[0] else None
        if wide and super()._draw_cursor and self._theme.cursor_style:
            line.stylize(self._theme.cursor_style, *wide)
        if self._found or self._lines:
            self._mark_line(line, line_index)
        if self._others:
            drawn_on(line, self._offset((line_index, 0)), self._others, self._palette)
        return line

    def render_lines(self, crop: Region) -> list[Strip]:
        """The base class asks the style sheet for all its styles before each frame; here only when they may be others,
        for that took longer than to draw the row in which one types."""
        looks = (self.app.theme, self.has_focus, self.styles._cache_key)
        if self._theme and (self._styled is not self._theme or looks != self._styled_for):
            self._styled, self._styled_for = self._theme, looks
            self._theme.apply_css(self)
        return ScrollView.render_lines(self, crop)

    def render_line(self, y: int) -> Strip:
        """One row. The base class draws all rows anew when the caret moves; here only those that look different."""
        rows = self.wrapped_document._offset_to_line_info
        if y >= len(rows):
            return super().render_line(y)
        line, section = rows[y]
        (first, _), (last, _) = sorted(self.selection)
        touched = self.selection if first <= line <= last else None
        marked = tuple(column for row, column in self._brackets if row == line)
        text = self._coloured_line(line)
        breaks = tuple(self.wrapped_document.get_offsets(line))
        looks = (self.size.width, super()._draw_cursor, self.app.theme, self._others)
        key = (id(text), section, breaks, touched, marked, looks)
        kept = self._painted.pop(key, None)
        # With its text, whose id is nobody else's as long as it is kept.
        strip = kept[1] if kept is not None else self._render_line(y)
        self._painted[key] = (text, strip)
        while len(self._painted) > _KEPT_ROWS:
            self._painted.popitem(last=False)
        return strip

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
        self._text_changes()
        super().load_text(text)
        self._exchange.settled(self.text)

    def edit(self, edit: TextEdit) -> EditResult:
        self._text_changes()
        start, replaced = self._offset(edit.top), self.document.get_text_range(edit.top, edit.bottom)
        self._exchange.did(deltas.normal((start, *deltas.between(replaced, edit.text))))
        return super().edit(edit)

    def undo(self) -> None:
        self._text_changes()
        before = self.text
        super().undo()
        self._exchange.did(deltas.between(before, self.text))

    def redo(self) -> None:
        self._text_changes()
        before = self.text
        super().redo()
        self._exchange.did(deltas.between(before, self.text))

    def _text_changes(self) -> None:
        self._colored = None
        self.version += 1

    def on_key(self, event: events.Key) -> None:
        if not self.display:
            self.app.post_message(events.Key(event.key, event.character))
        elif (not self.pressed and self.take_first(event.key)) or self.take_next(event) or self._key_of_chord(event):
            pass
        elif event.key in self._anywhere:
            self._perform(self._anywhere[event.key])
        elif _ESCAPED.fullmatch(event.key) and event.character:
            # Escape and a letter that came right after it look just like that in most terminals.
            self._perform("leave")
            self.app.post_message(events.Key(event.character, event.character))
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
        elif own := getattr(self, f"action_{action}", None):
            own()
        else:
            self._perform(action)

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

    def get_cursor_left_location(self) -> Location:
        row, column = self.cursor_location
        line = self.document.get_line(row)
        return (row, graphemes.before(line, column)) if column else super().get_cursor_left_location()

    def get_cursor_right_location(self) -> Location:
        row, column = self.cursor_location
        line = self.document.get_line(row)
        return (row, graphemes.after(line, column)) if column < len(line) else super().get_cursor_right_location()

    def get_cursor_up_location(self) -> Location:
        return self._beside_row(-1) or super().get_cursor_up_location()

    def get_cursor_down_location(self) -> Location:
        return self._beside_row(1) or super().get_cursor_down_location()

    def get_target_document_location(self, event: events.MouseEvent) -> Location:
        return self._location_at(event.x, event.y) or super().get_target_document_location(event)

    def _validate_selection(self, selection: Selection) -> Selection:
        """The base class counts code points; neither end may stand within what is seen as one character."""
        start, end = super()._validate_selection(selection)
        return Selection(self._snapped(start), self._snapped(end))

    def _snapped(self, location: Location) -> Location:
        row, column = location
        return row, graphemes.snapped(self.document.get_line(row), column)

    def _beside_row(self, by: int) -> Location | None:
        _, y = self.wrapped_document.location_to_offset(self.cursor_location)
        return self._location_at(self.navigator.last_x_offset, y + by)

    def _location_at(self, x: int, y: int) -> Location | None:
        """What is seen in that cell; None where the base class knows it just as well."""
        rows = self.wrapped_document._offset_to_line_info
        if not 0 <= y < len(rows):
            return None
        line, section = rows[y]
        sections = self.wrapped_document.get_sections(line)
        if sections[section].isascii():
            return None
        column = graphemes.column_at(sections[section], max(0, x), TAB_WIDTH)
        is_end = column == len(sections[section]) and section + 1 < len(sections)
        return line, sum(map(len, sections[:section])) + column - is_end

    @property
    def _draw_cursor(self) -> bool:
        """The base class draws the caret one code point wide: what is more, `get_line` draws."""
        return bool(super()._draw_cursor) and self._wide_caret() is None

    def _wide_caret(self) -> tuple[int, int] | None:
        """From where to where the character at the caret goes, if it is of several code points."""
        row, column = self.cursor_location
        line = self.document.get_line(row)
        end = graphemes.after(line, column)
        return (column, end) if end - column > 1 else None

    def action_delete_left(self) -> None:
        passage = self.passage
        pair = backspaced(passage, self._source_language) if self.choices.closes_brackets else None
        if not self.become(pair or outdented(passage)):
            super().action_delete_left()

    async def _on_paste(self, event: events.Paste) -> None:
        """In one edit, with the line ends that cells have. What no text of a cell can hold the session replaces."""
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        self.become(self.passage.put(text))

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
                self._perform("leave")
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

    def _coloured_line(self, index: int) -> Text:
        if self._colored is None:
            self._colored = self._colouring.lines(self.document.lines)
        return self._colored[index]

    def _redraw(self, found: tuple[tuple[int, int], ...], lines: tuple[int, int] | None) -> None:
        if (found, lines) != (self._found, self._lines):
            self._found, self._lines = found, lines
            self._line_cache.clear()
            self._painted.clear()
            self.refresh()

    def _mark_line(self, line: Text, row: int) -> None:
        start = self._offset((row, 0))
        end = start + len(self.document.lines[row])
        if self._lines and self._lines[0] <= end and start <= self._lines[1]:
            line.stylize(_SELECTED)
            if not line.plain:
                line.append(" ", _SELECTED)
        first = bisect_left(self._found, start, key=lambda span: span[1])
        for left, right in self._found[first:]:
            if left >= end:
                break
            line.stylize(_FOUND, max(0, left - start), right - start)

    def _width_of_row(self, row: int) -> int:
        line, section = self.wrapped_document._offset_to_line_info[row]
        return cell_len(self.wrapped_document.get_sections(line)[section].expandtabs(TAB_WIDTH))

    def _offset(self, location: Location) -> int:
        row, column = location
        return sum(len(line) + 1 for line in self.document.lines[:row]) + column

    def _location(self, offset: int) -> Location:
        return location_at(self.text, offset)
