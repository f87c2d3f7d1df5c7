"""A key map at work: it is shown what the editor holds, and what it wants is done there in one step.

The default map is no map: then all keys are the editor's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from textual import events
from textual.widgets.text_area import Selection

from notebook_tui.ui.editing.changes import CHANGES
from notebook_tui.ui.editing.editor import Editor
from notebook_tui.ui.editing.passage import Passage
from notebook_tui.ui.keys.key import Key

if TYPE_CHECKING:
    from notebook_tui.ui.editing.keymaps.effects import Effect, View

MOST_PLAYED: Final = 4_000
_NEEDS_MODIFIER: Final = ("alt+", "ctrl+", "super+", "hyper+", "meta+")


class KeyMap(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def pressed(self) -> str: ...
    @property
    def is_busy(self) -> bool: ...
    def opened(self, *, insert: bool, view: View) -> list[Effect]: ...
    def press(self, key: str, view: View) -> list[Effect]: ...


def keymap_named(name: str, rows: Iterable[Key], language: Callable[[], str]) -> KeyMap | None:
    """The map of that name; none for `default`. `rows` are those of the table of keys that hold in the editor."""
    if name == "vim":
        from notebook_tui.ui.editing.keymaps.vim import Vim
        from notebook_tui.ui.editing.line_breaks import indent_after

        def indent(text: str) -> str:
            if language() == "python":
                return indent_after(text)
            line = text[text.rfind("\n") + 1 :]
            return line[: len(line) - len(line.lstrip())]

        return Vim(indent)
    if name == "emacs":
        from notebook_tui.ui.editing.keymaps.emacs import Emacs

        return Emacs(rows)
    return None


class AttachedKeyMap:
    def __init__(self, editor: Editor, perform: Callable[[str], None], say: Callable[[str], None]) -> None:
        self._editor = editor
        self._perform = perform
        self._say = say
        self._map: KeyMap | None = None
        self._name = "default"
        self._opened_with = ""
        self._before_group: object | None = None
        self._in_group = False
        self._shown = ("", "")
        self._to_play: deque[str] | None = None
        """Keys of a macro that is being played."""

    @property
    def mode(self) -> str:
        """The word for the status bar; empty where a map has no modes."""
        return self._map.name if self._map else ""

    @property
    def pressed(self) -> str:
        """What has been begun: a command, a search, a line after `:`."""
        return self._map.pressed if self._map else ""

    def use(self, name: str, rows: Iterable[Key]) -> None:
        """This map from now on. What it has in its registers is lost with it."""
        if name == self._name and name != "emacs":
            return
        self._end_group()
        self._editor.highlight(())
        self._name = name
        self._map = keymap_named(name, rows, lambda: self._editor.language_of_source)
        if self._editor.display:
            self.opened()

    def opened(self, *, insert: bool = True) -> None:
        """The editor has been opened over a cell."""
        self._opened_with = self._editor.text
        self._editor.highlight(())
        if self._map is not None:
            self._apply(self._map.opened(insert=insert, view=self._view()))
            self._begin_group()
            self._tell()

    def to_normal_mode(self) -> None:
        """Where a map has one."""
        if self._map is not None and self._map.is_busy:
            self._press("escape")

    def closed(self) -> None:
        """The editor is about to be closed."""
        self._end_group()
        self._editor.highlight(())
        self.give_cursor_back()

    def give_cursor_back(self) -> None:
        """The terminal's cursor has the shape that it has elsewhere."""
        self._shape_cursor("0")

    def wants_after_popup(self, key: str) -> bool:
        """Whether a key that closed a popup means something all the same."""
        return self._name == "vim" and key == "escape"

    def press(self, event: events.Key) -> bool:
        """Whether the key was the map's, and is done with."""
        if self._map is None:
            return False
        if self._name == "vim" and event.key.startswith("alt+") and event.character and event.character.isprintable():
            # Over a slow line Escape and the key after it arrive as one, and look like Alt.
            return self._press("escape") | self._press(event.character)
        return self._press(self._name_of(event))

    def _name_of(self, event: events.Key) -> str:
        is_text = event.character is not None and event.is_printable and not event.key.startswith(_NEEDS_MODIFIER)
        in_sequence = self._name == "emacs" and self.pressed.startswith("Ctrl")
        return event.character if is_text and event.character and not in_sequence else event.key

    def _press(self, key: str) -> bool:
        if self._map is None or not self._editor.display:
            return False
        if not self._in_group:
            self._begin_group()
        taken = self._apply(self._map.press(key, self._view()))
        if not self._map.is_busy:
            self._end_group()
        self._tell()
        return taken

    def _view(self) -> View:
        from notebook_tui.ui.editing.keymaps.effects import View

        passage = self._editor.passage
        anchor = passage.anchor if passage.selected else None
        return View(passage.text, passage.caret, anchor, self._editor.app.clipboard)

    def _apply(self, effects: list[Effect]) -> bool:
        """Do all of it; whether the key was the map's."""
        # Here, for a terminal without a map needs none of them to start.
        from notebook_tui.ui.editing.keymaps.effects import (
            Copy,
            Edit,
            Mark,
            Pass,
            Perform,
            Place,
            Play,
            Redo,
            Revert,
            Say,
            Undo,
        )

        passage, taken = self._editor.passage, True
        asked: list[str] = []
        for effect in effects:
            match effect:
                case Edit(start, end, text):
                    passage = passage.select(start, end).put(text)
                case Place(caret, anchor):
                    passage = passage.select(caret if anchor is None else anchor, caret)
                case Undo(count):
                    self._travel(count, back=True)
                    passage = self._editor.passage
                case Redo(count):
                    self._travel(count, back=False)
                    passage = self._editor.passage
                case Revert():
                    passage = Passage.at(self._opened_with, 0)
                case Copy(text):
                    self._editor.app.copy_to_clipboard(text)
                case Mark(spans):
                    self._editor.highlight(spans)
                case Say(text):
                    self._say(text)
                case Perform(action):
                    asked.append(action)
                case Pass():
                    taken = False
                case Play(keys):
                    self._play(keys)
                    passage = self._editor.passage
        if effects and taken:
            self._editor.become(passage)
            self._show_selection(passage)
        for action in asked:
            self._ask(action)
        return taken

    def _show_selection(self, passage: Passage) -> None:
        """Vim's caret stands on a character that is selected as well; whole lines are shown as such."""
        from_map = getattr(self._map, "span", None)
        span = from_map(passage.text, passage.caret) if from_map else None
        lines = self.mode.startswith("V-LINE")
        self._editor.highlight_lines(span if lines else None)
        if span is not None and not lines:
            anchor = span[1] if passage.caret < passage.anchor else span[0]
            self._editor.become(passage.select(anchor, passage.caret))
        elif span is not None:
            self._editor.selection = Selection.cursor(self._editor.selection.end)

    def _travel(self, count: int, *, back: bool) -> None:
        self._end_group()
        history = self._editor.history
        for _ in range(min(count, len(history.undo_stack if back else history.redo_stack))):
            if back:
                self._editor.undo()
            else:
                self._editor.redo()

    def _ask(self, action: str) -> None:
        if action in CHANGES or action in ("undo", "redo"):
            self._editor.action_do(action)
        else:
            self._perform(action)

    def _play(self, keys: tuple[str, ...]) -> None:
        """What plays itself, or others that play others, ends all the same."""
        if self._to_play is not None:
            self._to_play.extendleft(reversed(keys))
            return
        self._to_play = deque(keys)
        try:
            for _ in range(MOST_PLAYED):
                if not self._to_play or not self._editor.display:
                    return
                key = self._to_play.popleft()
                if not self._press(key):
                    self._editor.press_own(key)
            if self._to_play:
                self._say(f"The macro was stopped after {MOST_PLAYED:,} keys.")
        finally:
            self._to_play = None

    # Undo: what a command does, and all that is typed in one go in insert mode, is one step.

    def _begin_group(self) -> None:
        self._editor.history.checkpoint()
        stack = self._editor.history._undo_stack
        self._before_group = stack[-1] if stack else None
        self._in_group = True

    def _end_group(self) -> None:
        if not self._in_group:
            return
        self._in_group = False
        stack = self._editor.history._undo_stack
        grouped: list[object] = []
        while stack and stack[-1] is not self._before_group:
            grouped[:0] = stack.pop()
        if grouped:
            stack.append(grouped)  # type: ignore[arg-type]
        self._editor.history.checkpoint()

    def _tell(self) -> None:
        """Show another mode, or what has been pressed."""
        shown = (self.mode, self.pressed)
        if shown != self._shown:
            if shown[0] != self._shown[0]:
                inserting = shown[0].startswith("INSERT")
                self._editor.set_class(inserting, "-bar")
                self._shape_cursor("6" if inserting else "2")
            self._shown = shown
            self._editor.post_message(Editor.ChordChanged())

    def _shape_cursor(self, shape: str) -> None:
        """The terminal's own cursor, where it is seen: a bar between letters, a block on one."""
        driver = self._editor.app._driver
        if driver is not None and self._map is not None and self._name == "vim":
            driver.write(f"\x1b[{shape} q")
