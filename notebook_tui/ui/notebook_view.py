"""The list of cells and what floats above it: the editor over the source it edits, completions at its caret.

Owns the life of an edit. Typed text goes to the session after a short pause, and at once before anything else that
the user asks for (`flush`); text that comes from the session enters the editor only if it is somebody else's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Offset, Region, Size
from textual.message import Message

from notebook_tui.document.notebook import Cell
from notebook_tui.session.presence import Whereabouts
from notebook_tui.ui.cells.cell_list import CellList, MakePainter
from notebook_tui.ui.cells.cell_strips import Painter
from notebook_tui.ui.cells.items import Item, focusable
from notebook_tui.ui.client import SessionClient
from notebook_tui.ui.drawing.frame import frame_for
from notebook_tui.ui.drawing.others import Other
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.rows import row_numbers
from notebook_tui.ui.editing import soundness
from notebook_tui.ui.editing.asides import Asides
from notebook_tui.ui.editing.caret_help import CaretHelp, Kind
from notebook_tui.ui.editing.editor import Editor, Past
from notebook_tui.ui.editing.keymaps.attached import AttachedKeyMap
from notebook_tui.ui.editing.trail import CaretPlace, Trail
from notebook_tui.ui.finding.pattern import Pattern, TooLong
from notebook_tui.ui.outputs.line_editor import Line, LineEditor
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.places import Places, place_of

_TYPING: Final = 2.0
"""Seconds after a key in which somebody is said to type."""
PAUSE: Final = 0.25
"""Seconds without a key after which typed text is sent."""


class NotebookView(Container):
    @dataclass
    class Remarked(Message):
        """There is something to say for a moment."""

        text: str

    class EditingChanged(Message):
        """A cell has been opened for editing, or left; or a line over a place of its output."""

    def __init__(
        self,
        client: SessionClient,
        perform: Callable[[str], None],
        clock: Callable[[], float],
        make_painter: MakePainter = Painter,
    ) -> None:
        super().__init__()
        self._client = client
        self._clock = clock
        self._list = CellList(clock, make_painter)
        self._editor = Editor(perform, clock)
        self.trail = Trail()
        self._asides = Asides(self._not_answered)
        self._help = CaretHelp(client, self._editor, self)
        self._line = LineEditor(perform)
        self.keymap = AttachedKeyMap(self._editor, perform, self.remark)
        self._editor.take_first = lambda key: self._help.take_key(key) and not self.keymap.wants_after_popup(key)
        self._editor.take_next = self.keymap.press
        self._order: tuple[str, ...] = ()
        self._people: tuple[Other, ...] = ()
        self._placed: object = None
        self._places_at = (0, 0)
        """Anchor and caret of the editor, when it was looked at last."""
        self._edited: str | None = None
        """The cell that is edited."""
        self._pasts: dict[str, Past] = {}
        self._typed_at = 0.0
        self._numbered: tuple[str, int, int] | None = None
        self._followed: tuple[object, ...] | None = None
        """The text and the caret for which the editor has been laid out."""
        self._lies_at: Region | None = None
        """Where the editor has been laid."""
        self._fault: soundness.Fault | None = None

    def compose(self) -> ComposeResult:
        yield self._list
        yield self._editor
        yield self._line
        yield from self._help.widgets

    @property
    def focused_id(self) -> str:
        return self._list.focused_id

    @property
    def editor(self) -> Editor:
        return self._editor

    @property
    def caret_place(self) -> CaretPlace:
        """Where the caret is; without one, at the beginning of what has the focus."""
        row, column = self._editor.cursor_location if self.is_editing else (0, 0)
        return CaretPlace(self.focused_id, row + 1, column)

    @property
    def is_editing(self) -> bool:
        return self._edited is not None

    @property
    def looks(self) -> Looks:
        """What the viewer has chosen to see of views."""
        return self._list.looks

    @property
    def places(self) -> Places:
        """What in the focused item answers to a press."""
        return self._list.places()

    @property
    def line(self) -> Line | None:
        """The line that is typed over a place, if one is."""
        return self._line.line

    @property
    def typed_line(self) -> str:
        """What stands in that line."""
        return self._line.value

    @property
    def has_list_focus(self) -> bool:
        """Whether keys navigate."""
        return self.screen.focused is self._list and self.screen.is_active

    @property
    def whereabouts(self) -> Whereabouts:
        """What others are told of where the user is."""
        if self._edited is None:
            return Whereabouts(self.focused_id)
        seen = (self._editor.version, self._editor.selection)
        if seen != self._placed:
            passage = self._editor.passage
            self._placed, self._places_at = seen, (passage.anchor, passage.caret)
        return Whereabouts(self._edited, *self._places_at, typing=self._clock() - self._typed_at < _TYPING)

    def show_people(self, others: tuple[Other, ...]) -> None:
        """Mark where others are, in the list and in the text that is edited."""
        self._people = others
        self._list.show_people(others)
        self._mark_carets()

    def _mark_carets(self) -> None:
        self._editor.mark_others(tuple(each for each in self._people if each.cell_id == self._edited))

    def reveal_line(self, line: int) -> None:
        """Bring that line of the focused cell, from 0, into view."""
        self._list.reveal_row(line)

    def look(self, looks: Looks) -> None:
        """Show views as the viewer has chosen."""
        self._list.look(looks)
        self._place_line()

    def open_line(self, line: Line) -> None:
        """Let the user type over a place of the focused cell."""
        self.leave()
        self._list.look(replace(self.looks, at=line.touch))
        self._line.open(line)
        # At once, not by a message: the next key may be in the queue already, and it is text.
        self.screen.set_focus(self._line, scroll_visible=False)
        self._place_line()
        self.post_message(self.EditingChanged())

    def take_line_key(self, event: events.Key) -> bool:
        """Act on a key of the line that is typed over a place; False if none is, or it has no such key."""
        return self.screen.focused is self._line and self._line.take_key(event)

    def leave_line(self) -> None:
        """The user goes to something else than the line that is typed over a place."""
        if (line := self._line.line) is not None:
            line.done("away", self._line.value)
            self.close_line()

    def close_line(self) -> None:
        """Nothing is typed over a place any more."""
        if self._line.line is not None:
            had_focus = self.screen.focused is self._line
            self._line.close()
            if had_focus:
                self.take_focus()
            self.post_message(self.EditingChanged())

    def show(self, items: Sequence[Item]) -> None:
        """Show the newest state of everything."""
        place = self._order.index(self.focused_id) if self.focused_id in self._order else 0
        self._order = tuple(focusable(items))
        lost = self.focused_id not in self._order
        if lost and self.is_editing:
            self._close_editor()
        self._list.show(items, self._caret().y if self.is_editing else None)
        if lost:
            self.focus_item(self._order[min(place, len(self._order) - 1)])
        self._receive_source()

    @property
    def folded(self) -> frozenset[str]:
        """The cells whose outputs are one row here."""
        return self._list.folded

    def fold(self, ids: frozenset[str]) -> None:
        """Make the outputs of these cells one row each, and show those of all others."""
        self._list.fold(ids)

    def may_focus(self, id: str) -> bool:
        """Whether it can have the focus: what says that there are no cells can not, nor what is gone."""
        return id in self._order

    def focus_item(self, id: str) -> None:
        """Give an item the focus; an edit in another one ends."""
        if id != self.focused_id:
            self.leave()
            self.leave_line()
        self._list.focus_item(id)

    def focus_by(self, offset: int) -> None:
        """Give the focus to the item so many places below, as far as there are any."""
        place = self._order.index(self.focused_id) + offset
        self.focus_item(self._order[max(0, min(place, len(self._order) - 1))])

    def take_focus(self) -> None:
        """Make the keys of navigation work."""
        self.leave_line()
        self.screen.set_focus(self._list, scroll_visible=False)

    def focus_editor(self) -> None:
        """Keys are text again, after something else had them."""
        self.screen.set_focus(self._editor, scroll_visible=False)

    def highlight(self, found: Pattern | None) -> None:
        """Mark what is looked for, in cells and in the editor; None: nothing any more."""
        self._list.highlight(found)
        spans: list[tuple[int, int]] = []
        if found is not None and self.is_editing:
            with suppress(TooLong):
                spans = found.spans(self._editor.text)
        self._editor.highlight(spans)

    def number_lines(self, numbered: bool) -> None:
        """Whether lines of code have their numbers beside them."""
        self._list.number_lines(numbered)

    def reveal_match(self, pattern: Pattern, nth: int) -> None:
        """Bring that match in the focused cell into view."""
        self._list.reveal_match(pattern, nth)

    def scroll_page(self, direction: int) -> None:
        """Scroll by a page, and give the focus to the first item that is seen there; at the end, to the last."""
        self.leave()
        if self._list.scroll_page(direction):
            self._list.mark_item(self._list.first_seen(self._order))
        else:
            self.focus_item(self._order[-1 if direction > 0 else 0])

    def edit(self, cell: Cell, line: int | None = None, *, caret: int | None = None) -> None:
        """Open the editor over a cell, with the caret at the end of its text or of that line, from 1, or just there.
        Who may only look gets the cell in focus."""
        self.focus_item(cell.id)
        if not self._client.person.may("edit"):
            return
        self.leave_line()
        self.flush()  # of the very cell, where it is edited already
        source = self._client.open_text(cell.id)
        language = "markdown" if cell.kind == "markdown" else cell.language
        palette = palette_of(self.app.theme_variables)
        self._editor.open(source, language, palette, self._pasts.get(cell.id))
        if caret is not None:
            self._editor.become(self._editor.passage.to(min(caret, len(self._editor.text))))
        self.keymap.opened()
        self._edited = cell.id
        self._mark_carets()
        if line is not None:
            row = max(0, min(line, self._editor.document.line_count) - 1)
            self._editor.move_cursor((row, len(self._editor.document.get_line(row))))
        # At once, not by a message: the next key may be in the queue already, and it is text.
        self.screen.set_focus(self._editor, scroll_visible=False)
        self._follow_editor()
        self.post_message(self.EditingChanged())

    def leave(self, *, remembered: bool = True) -> None:
        """End the edit; what was typed is sent, and the place of the caret is one to come back to."""
        if self.is_editing:
            self.flush()
            if remembered:
                self.trail.left(self.caret_place)
            self._close_editor()

    def flush(self) -> bool:
        """Send what was typed and is not sent yet, and take in what others did; whether there was any to send."""
        if self._edited is None:
            return False
        typed = self._editor.take_typed()
        if typed or self._client.has_news(self._edited):
            self._editor.take_in(self._client.exchange(self._edited, typed, self._clock()))
        return bool(typed)

    def tick(self) -> None:
        """Time passes: running cells count, and typed text is sent after a pause."""
        self._list.tick()
        self._editor.tick()
        # Others see what is typed as it is typed.
        if self._others or self._clock() - self._typed_at >= PAUSE:
            self.flush()

    @property
    def _others(self) -> bool:
        return len(self._client.people) > 1

    @property
    def room(self) -> Size:
        return self.size

    def place_in_room(self, place: int) -> Offset:
        """Where that place of the text that is edited is seen."""
        return self._list.editor_region().offset + self._editor.place_of(place)

    def ask(self, kind: Kind, question: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run it beside everything else, and end the last one of its kind."""
        self._asides.begin(kind, question)

    def _not_answered(self, kind: str, error: Exception) -> None:
        # Whatever went wrong over there, it must not take the user's unsaved text with it.
        self.remark(f"No {kind}: {error or 'the session does not answer'}.")

    def remark(self, text: str) -> None:
        self.post_message(self.Remarked(text))

    @on(Editor.Changed)
    def _typed(self, event: Editor.Changed) -> None:
        event.stop()
        self._typed_at = self._clock()
        self._follow_editor()
        self.ask("soundness", self._look_for_fault)

    async def _look_for_fault(self) -> None:
        """A cross beside the line that is no Python, once nobody types; not where the caret still is."""
        await asyncio.sleep(soundness.REST)
        version, is_python = self._editor.version, self._editor.language_of_source == "python"
        fault = await asyncio.to_thread(soundness.fault_of, self._editor.text) if is_python else None
        if not self.is_editing or self._editor.version != version:
            return
        shown = fault is not None and fault.line != self.caret_place.line
        self._list.mark_wrong(fault.line if fault and shown else None)
        if fault and shown and fault != self._fault:
            self.remark(f"Line {fault.line}: {fault.message}")
        self._fault = fault

    @on(Editor.SelectionChanged)
    def _caret_moved(self, event: Editor.SelectionChanged) -> None:
        event.stop()
        self._follow_editor()

    @on(Editor.HelpWanted)
    def _help_wanted(self, event: Editor.HelpWanted) -> None:
        event.stop()
        match event.what:
            case "completion":
                self._help.complete()
            case "signature":
                self._help.show_signature()
            case "description":
                self._help.describe()

    @on(Editor.Typed)
    def _character_typed(self, event: Editor.Typed) -> None:
        event.stop()
        self._help.typed(event.character)

    @on(Editor.Pointed)
    def _pointed(self, event: Editor.Pointed) -> None:
        event.stop()
        self._help.point_at(event.offset)

    @on(CellList.Shifted)
    def _rows_shifted(self, event: CellList.Shifted) -> None:
        event.stop()
        if self.is_editing:
            self._place_editor()
        self._place_line()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._list.scroll_relative(y=self.app.scroll_sensitivity_y, animate=False)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._list.scroll_relative(y=-self.app.scroll_sensitivity_y, animate=False)

    def on_resize(self) -> None:
        self._followed = self._lies_at = None
        if self.is_editing:
            self._follow_editor()

    def on_unmount(self) -> None:
        self._asides.end()

    def _receive_source(self) -> None:
        if self._edited is not None and self._client.has_news(self._edited):
            self.flush()

    def _follow_editor(self) -> None:
        """Give the editor the room it needs now, and keep its caret in view."""
        if not self.is_editing:
            return
        followed = (self.focused_id, self._editor.version, self._editor.selection, self._list.size)
        if followed == self._followed:
            return  # text and caret are told of one after the other, and most keys change both
        self._followed = followed
        looked_at = (self.focused_id, self._editor.version, self._list.size.width)
        if looked_at != self._numbered:
            self._numbered = looked_at
            lines = self._editor.document.lines
            frame = frame_for(self._list.size.width, len(lines))
            self._list.set_editing(row_numbers(lines, frame.wrap_width))
        self._list.reveal_row(self._caret().y)
        self._help.caret_moved()
        self._place_editor()

    def _place_editor(self) -> None:
        region = self._list.editor_region()
        self._help.place()
        if region != self._lies_at:
            self._lies_at = region
            self._editor.styles.offset = region.offset
            self._editor.styles.width, self._editor.styles.height = region.size

    def _place_line(self) -> None:
        line = self._line.line
        place = place_of(self.places, line.touch) if line is not None else None
        if place is not None:
            self._line.place(self._list.region_of(place))

    def put_terminal_cursor(self) -> None:
        """A frame is about to be painted, and all is laid out."""
        # Screen readers, braille displays and input methods look at the terminal's own cursor.
        if self.is_editing:
            self.app.cursor_position = self._editor.cursor_screen_offset

    def _close_editor(self) -> None:
        if self._edited is not None:
            self._client.close_text(self._edited)
        self._edited = None
        self._help.close()
        self.keymap.closed()
        self._pasts[self.focused_id] = self._editor.close()
        self._list.mark_wrong(None)
        self._list.set_editing(None)
        self._numbered = self._fault = self._followed = self._lies_at = None
        self.take_focus()
        self.post_message(self.EditingChanged())

    def _caret(self) -> Offset:
        return self._editor.place_of(self._editor.offset_of_caret)
