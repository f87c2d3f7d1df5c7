"""Vim's keys, pure: a key, a text and a caret go in, edits and places of the caret come out.

    normal --i a o c ...--> insert --Escape--> normal        (what is typed in between is the editor's own affair)
    normal --v V--> visual --an operator, Escape--> normal
    normal, visual --: / ? --> prompt --Enter, Escape--> normal

A command is done on a `Buffer`, so that it can be done again (`.`, counts) before the editor has seen the first edit.
Who drives this puts all edits from leaving normal mode to coming back into one step of undo: `is_busy` says so.

It is one room because every command may change any part of one state, the mode above all; what needs none of it, such
as motions, objects, operators and the grammar of commands, stands in files beside this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.ui.editing.keymaps import operators, places
from notebook_tui.ui.editing.keymaps.buffer import Buffer
from notebook_tui.ui.editing.keymaps.effects import (
    Effect,
    Mark,
    Pass,
    Perform,
    Place,
    Play,
    Redo,
    Revert,
    Say,
    Undo,
    View,
)
from notebook_tui.ui.editing.keymaps.ex import Do, Forget, GoToLine, Reload, Substitute, Wrong, asked
from notebook_tui.ui.editing.keymaps.motions import MOTIONS, VERTICAL, Moved, at_column, column_of, find_character
from notebook_tui.ui.editing.keymaps.objects import object_at
from notebook_tui.ui.editing.keymaps.operators import IndentAfter, Piece, piece_between
from notebook_tui.ui.editing.keymaps.registers import Registers
from notebook_tui.ui.editing.keymaps.vim_commands import OPERATORS, Command, NoCommand, command_of
from notebook_tui.ui.editing.keymaps.vim_search import VimSearch
from notebook_tui.ui.editing.line_breaks import indent_after
from notebook_tui.ui.finding.pattern import Query

Mode: TypeAlias = Literal["normal", "insert", "visual", "visual line", "prompt"]
NAMES: Final[dict[Mode, str]] = {
    "normal": "NORMAL",
    "insert": "INSERT",
    "visual": "VISUAL",
    "visual line": "V-LINE",
    "prompt": "NORMAL",
}
_STARTS_INSERT: Final = frozenset(("i", "a", "I", "A", "o", "O", "C", "s", "S", "insert", "gi"))
_IN_OTHER_WORDS: Final = {
    "x": ("d", "l"),
    "delete": ("d", "l"),
    "X": ("d", "h"),
    "D": ("d", "$"),
    "C": ("c", "$"),
    "Y": ("y", "line"),
    "s": ("c", "l"),
    "S": ("c", "line"),
}
_LINES_IN_VISUAL: Final = {"D": "d", "X": "d", "C": "c", "S": "c", "Y": "y"}
_PLAIN_IN_VISUAL: Final = {"x": "d", "delete": "d", "backspace": "d", "s": "c", "u": "gu", "U": "gU", "~": "g~"}
_OTHER_WAY: Final = {"f": "F", "F": "f", "t": "T", "T": "t"}
_LONGEST_MACRO: Final = 2_000


@frozen
class _Inserting:
    """Since insert mode was entered: what began it, and the text and the caret then."""

    command: Command
    text: str
    caret: int


@frozen
class _Change:
    """What `.` does again."""

    command: Command
    typed: str = ""


class Vim:
    """
    >>> vim = Vim()
    >>> vim.press("d", View("one two", 0))
    []
    >>> vim.press("w", View("one two", 0))
    [Edit(start=0, end=4, text=''), Place(caret=0, anchor=None)]
    """

    def __init__(self, indent_after: IndentAfter = indent_after) -> None:
        self.mode: Mode = "normal"
        self.prompt = ""
        """What has been typed after `:`, `/` or `?`, with it."""
        self.registers = Registers()
        self.indent_after = indent_after
        self._keys: tuple[str, ...] = ()
        self._marks: dict[str, tuple[int, int]] = {}
        self._anchor = 0
        self._selected: tuple[int, int] | None = None
        self._last_visual: tuple[Mode, int, int] | None = None
        self._column: int | None = None
        self._looked_for: tuple[str, str] | None = None
        self._search = VimSearch()
        self._inserting: _Inserting | None = None
        self._change: _Change | None = None
        self._recording: tuple[str, tuple[str, ...]] | None = None
        self._macros: dict[str, tuple[str, ...]] = {}
        self._played = ""

    @property
    def name(self) -> str:
        """The mode as it is shown."""
        return NAMES[self.mode] + (f" @{self._recording[0]}" if self._recording else "")

    @property
    def pressed(self) -> str:
        """What of a command has been pressed so far, or the prompt."""
        return self.prompt or "".join(self._keys)

    @property
    def is_busy(self) -> bool:
        """Whether edits from now on belong to those before."""
        return self.mode == "insert"

    def opened(self, *, insert: bool, view: View) -> list[Effect]:
        """Another cell is edited, in insert or in normal mode. Marks and what has begun belong to the one before;
        registers go with the user."""
        self._keys, self.prompt, self._marks, self._selected = (), "", {}, None
        self.mode = "normal"
        buffer = Buffer(view)
        if insert:
            self._begin_insert(buffer, Command("i"))
        else:
            buffer.clamp()
        return [Place(buffer.caret)]

    def press(self, key: str, view: View) -> list[Effect]:
        """What the key does; a key that is none of Vim's passes to the editor."""
        if self._recording and not (key == "q" and self.mode == "normal" and not self._keys):
            self._recording = (self._recording[0], (*self._recording[1], key)[:_LONGEST_MACRO])
        elif self._recording:
            name, keys = self._recording
            self._macros[name], self._recording = keys, None
            return []
        match self.mode:
            case "insert":
                return self._press_inserting(key, view)
            case "prompt":
                return self._press_prompt(key, view)
            case _:
                return self._press_command(key, view)

    # Insert mode

    def _press_inserting(self, key: str, view: View) -> list[Effect]:
        if key in ("escape", "ctrl+["):
            return self._end_insert(Buffer(view))
        if key in ("ctrl+w", "ctrl+u"):
            buffer = Buffer(view)
            start = places.line_start(buffer.text, buffer.caret)
            if key == "ctrl+w":
                start = max(start, places.word_back(buffer.text, buffer.caret))
            buffer.edit(start, buffer.caret, "")
            return [*buffer.effects, Place(start)]
        return [Pass()]

    def _begin_insert(self, buffer: Buffer, command: Command) -> None:
        self.mode = "insert"
        self._inserting = _Inserting(command, buffer.text, buffer.caret)

    def _end_insert(self, buffer: Buffer) -> list[Effect]:
        begun, self._inserting = self._inserting, None
        self.mode = "normal"
        if begun is not None:
            typed = _typed(begun, buffer.text)
            self._change = _Change(begun.command, typed)
            if begun.command.name not in OPERATORS and begun.command.name not in _IN_OTHER_WORDS:
                for _ in range(begun.command.times - 1 if typed else 0):
                    if begun.command.name in ("o", "O"):
                        operators.open_line(buffer, self.indent_after, above=False)
                    buffer.edit(buffer.caret, buffer.caret, typed)
                    buffer.caret += len(typed)
        if buffer.caret > places.line_start(buffer.text, buffer.caret):
            buffer.caret -= 1
        self._marks["^"] = places.row_of(buffer.text, buffer.caret), column_of(buffer.text, buffer.caret) + 1
        return [*buffer.effects, Place(buffer.caret)]

    # The prompt

    def _press_prompt(self, key: str, view: View) -> list[Effect]:
        if key == "escape" or (key == "backspace" and len(self.prompt) == 1):
            self.prompt, self.mode = "", "normal"
        elif key == "enter":
            kind, said = self.prompt[0], self.prompt[1:]
            self.prompt, self.mode = "", "normal"
            return self._run_line(said, view) if kind == ":" else self._look_for(said, view, forward=kind == "/")
        elif key == "backspace":
            self.prompt = self.prompt[:-1]
        elif len(key) == 1 or key == "space":
            self.prompt += " " if key == "space" else key
        return []

    def _look_for(self, said: str, view: View, *, forward: bool) -> list[Effect]:
        if said:
            self._search.query = Query(said, case=True, regex=True)
        self._search.forward = forward
        buffer = Buffer(view)
        before = buffer.caret
        moved = self._search.to_match(buffer, 1, forward=forward)
        if moved is None:
            return [*buffer.effects, Place(before)]
        self._remember_jump(buffer)
        return [*buffer.effects, Mark(tuple(self._search.spans(buffer) or ())), Place(moved.at)]

    def _run_line(self, said: str, view: View) -> list[Effect]:
        buffer = Buffer(view)
        row = places.row_of(buffer.text, buffer.caret)
        match asked(said, row, places.rows(buffer.text), self._selected):
            case Do(actions=actions):
                return [Perform(action) for action in actions]
            case GoToLine(row=row):
                self._remember_jump(buffer)
                return [Place(places.first_letter(buffer.text, places.row_start(buffer.text, row)))]
            case Forget():
                return [Mark()]
            case Reload():
                return [Revert()]
            case Wrong(why=why):
                return [Say(why)] if why else []
            case Substitute() as wanted:
                self._search.substitute(buffer, wanted)
                return [*buffer.effects, Place(buffer.caret)]

    # Commands

    def _press_command(self, key: str, view: View) -> list[Effect]:
        visual = self.mode != "normal"
        if key in ("escape", "ctrl+[", "ctrl+c") and (self._keys or visual):
            self._keys = ()
            buffer = Buffer(view)
            self._leave_visual(buffer)
            buffer.clamp()
            return [Place(buffer.caret)]
        if key == "escape":
            return [Perform("leave")]
        if key in ("tab", "ctrl+@"):
            return []
        if len(key) > 1 and not self._keys and key not in MOTIONS and key not in ("ctrl+r", "delete", "insert"):
            return [Pass()]
        if not visual and view.anchor is not None and view.anchor != view.caret:
            # The mouse has selected something.
            self.mode, visual = "visual", True
            self._anchor = view.anchor if view.anchor < view.caret else view.anchor - 1
            view = replace(view, caret=view.caret - 1 if view.anchor < view.caret else view.caret)
        self._keys = (*self._keys, key)
        try:
            command = command_of(self._keys, visual=visual)
        except NoCommand:
            self._keys = ()
            return []
        if command is None:
            return []
        self._keys = ()
        buffer = Buffer(view)
        buffer.clamp()
        self._do(command, buffer)
        return self._settled(buffer)

    def _settled(self, buffer: Buffer) -> list[Effect]:
        if self.mode in ("normal", "prompt"):
            buffer.clamp()
        elif self.mode != "insert":
            buffer.caret = min(buffer.caret, len(buffer.text))
        if any(isinstance(effect, Undo | Redo | Play) for effect in buffer.effects):
            # Only they know where the caret comes to stand.
            return buffer.effects
        anchor = self._anchor if self.mode in ("visual", "visual line") else None
        return [*buffer.effects, Place(buffer.caret, anchor)]

    def _do(self, command: Command, buffer: Buffer) -> None:
        if self.mode != "normal":
            self._do_visual(command, buffer)
        elif command.name in OPERATORS:
            self._operate(command, buffer)
        elif command.name:
            self._act(command, buffer)
        else:
            self._move(command, buffer)

    def _move(self, command: Command, buffer: Buffer) -> None:
        column = self._column if command.motion in VERTICAL else None
        start = buffer.caret
        moved = self._target(command, buffer)
        if moved is None:
            return
        if command.motion in ("G", "gg", "n", "N", "*", "#", "%", "`", "'", "(", ")", "{", "}"):
            self._remember_jump(buffer)
        buffer.caret = moved.at
        if command.motion in VERTICAL:
            column = column_of(buffer.text, start) if column is None else column
            buffer.caret = at_column(buffer.text, places.row_of(buffer.text, buffer.caret), column)
        self._column = 99_999 if command.motion in ("$", "end") else column

    def _target(self, command: Command, buffer: Buffer) -> Moved | None:
        """Where the motion goes; None if it cannot."""
        text, at, count = buffer.text, buffer.caret, command.times
        match command.motion:
            case "G":
                row = (command.count or places.rows(text)) - 1
                return Moved(places.first_letter(text, places.row_start(text, row)), "lines")
            case "f" | "F" | "t" | "T" as how:
                self._looked_for = (how, command.argument)
                return self._character(text, at, count, how, command.argument)
            case ";" | "," as which:
                if self._looked_for is None:
                    return None
                last, wanted = self._looked_for
                way = last if which == ";" else _OTHER_WAY[last]
                return self._character(text, at, count, way, wanted, again=True)
            case "`" | "'" as how:
                place = self._marked(command.argument, text)
                if place is None:
                    buffer.do(Say(f"There is no mark {command.argument}"))
                    return None
                return Moved(place) if how == "`" else Moved(places.first_letter(text, place), "lines")
            case "n" | "N" as which:
                moved = self._search.to_match(buffer, count, forward=self._search.forward == (which == "n"))
                self._search.mark(buffer)
                return moved
            case "*" | "#" as which:
                return self._search.to_word(buffer, count, forward=which == "*")
            case motion:
                return MOTIONS[motion](text, at, count)

    def _character(self, text: str, at: int, count: int, how: str, wanted: str, *, again: bool = False) -> Moved | None:
        if again and how in "tT":
            # Past the one that it stands before already.
            nudged = find_character(text, at + (1 if how == "t" else -1), count, how, wanted)
            place = nudged if nudged is not None and nudged != at else find_character(text, at, count, how, wanted)
        else:
            place = find_character(text, at, count, how, wanted)
        return None if place is None else Moved(place, "inclusive" if how in "ft" else "exclusive")

    # Marks are rows and columns: an edit elsewhere in the row leaves them where people look for them.

    def _remember_jump(self, buffer: Buffer) -> None:
        self._marks["'"] = self._marks["`"] = (
            places.row_of(buffer.text, buffer.caret),
            column_of(buffer.text, buffer.caret),
        )

    def _marked(self, name: str, text: str) -> int | None:
        if name in "<>" and self._last_visual:
            ends = sorted(self._last_visual[1:])
            return min(ends[name == ">"], len(text))
        if name not in self._marks:
            return None
        row, column = self._marks[name]
        return at_column(text, row, column)

    # Operators

    def _operate(self, command: Command, buffer: Buffer) -> None:
        piece = self._piece(command, buffer)
        if piece is None:
            return
        self._apply(command, buffer, piece)

    def _piece(self, command: Command, buffer: Buffer) -> Piece | None:
        text, at = buffer.text, buffer.caret
        motion = command.motion
        if motion == "line":
            row = places.row_of(text, at)
            # As Vim: with fewer lines than were counted, those that there are.
            last = places.row_start(text, min(row + command.times - 1, places.rows(text) - 1))
            return Piece(places.line_start(text, at), places.line_end(text, last), lines=True)
        if len(motion) == 2 and motion[0] in "ia":
            found = object_at(text, at, motion[1], whole=motion[0] == "a", count=command.times)
            return None if found is None else Piece(found[0], found[1], found[2] == "lines")
        if command.name == "c" and motion in ("w", "W") and places.kind(text[at : at + 1] or " "):
            return self._rest_of_word(command, text, at)
        moved = self._target(command, buffer)
        if moved is None or (moved.kind == "lines" and motion in VERTICAL and _stays(text, at, moved.at)):
            return None
        if motion in ("w", "W") and moved.at > at:
            end = _within_lines(text, at, moved.at)
            return Piece(at, end)
        if motion in ("$", "end"):
            return Piece(at, moved.at)
        return piece_between(text, at, moved.at, moved.kind)

    def _rest_of_word(self, command: Command, text: str, at: int) -> Piece:
        """`cw` leaves the blanks after a word."""
        big = command.motion == "W"
        end = at
        for number in range(command.times):
            here = end if number == 0 else places.next_word(text, end, big=big)
            while here + 1 < len(text) and places.kind(text[here + 1], big=big) == places.kind(text[here], big=big):
                here += 1
            end = here
        return Piece(at, min(len(text), end + 1))

    def _apply(self, command: Command, buffer: Buffer, piece: Piece) -> None:
        caret = buffer.caret
        match command.name:
            case "y":
                operators.copy(buffer, piece, self.registers, command.register)
                buffer.caret = min(caret, piece.start) if not piece.lines or caret > piece.end else caret
                if piece.lines and piece.start < places.line_start(buffer.text, caret):
                    buffer.caret = piece.start
                return
            case "d":
                operators.delete(buffer, piece, self.registers, command.register)
            case "c":
                operators.change(buffer, piece, self.registers, command.register)
                self._begin_insert(buffer, command)
                return
            case ">" | "<" as which:
                operators.shift(buffer, piece, 1 if which == ">" else -1)
            case "=":
                operators.reindent(buffer, piece, self.indent_after)
            case "g~" | "gu" | "gU" as how:
                operators.recase(buffer, piece, _RECASE[how])
                buffer.caret = caret if command.motion == "line" else piece.start
        self._change = _Change(command)

    # Actions

    def _act(self, command: Command, buffer: Buffer) -> None:
        if words := _IN_OTHER_WORDS.get(command.name):
            self._act_in_other_words(command, words, buffer)
            return
        match command.name:
            case name if name in _STARTS_INSERT:
                self._start_inserting(command, buffer)
                return
            case "v" | "V" as which:
                self.mode, self._anchor = "visual" if which == "v" else "visual line", buffer.caret
                return
            case ":" | "/" | "?" as which:
                self.mode, self.prompt = "prompt", which
                return
            case "u":
                buffer.do(Undo(command.times))
                return
            case "ctrl+r":
                buffer.do(Redo(command.times))
                return
            case ".":
                self._repeat(command, buffer)
                return
            case "m":
                self._marks[command.argument] = (
                    places.row_of(buffer.text, buffer.caret),
                    column_of(buffer.text, buffer.caret),
                )
                return
            case "q" | "@" as which:
                self._macro(which, command, buffer)
                return
            case "gv":
                if self._last_visual:
                    self.mode, self._anchor, buffer.caret = self._last_visual
                return
            case "ZZ" | "ZQ" as which:
                buffer.do(Perform("app.save_and_quit" if which == "ZZ" else "app.quit"))
                return
        if self._changed(command, buffer):
            self._change = _Change(command)

    def _act_in_other_words(self, command: Command, words: tuple[str, str], buffer: Buffer) -> None:
        name, motion = words
        at_end = places.line_start(buffer.text, buffer.caret) == places.line_end(buffer.text, buffer.caret)
        if at_end and motion == "l" and name == "d":
            return
        said = replace(command, name=name, motion=motion)
        if motion == "$":
            # An empty line has no last letter, and nothing is fine to change.
            end = places.line_end(buffer.text, buffer.caret)
            row = min(places.row_of(buffer.text, buffer.caret) + command.times, places.rows(buffer.text)) - 1
            end = places.line_end(buffer.text, places.row_start(buffer.text, row))
            self._apply(said, buffer, Piece(buffer.caret, end))
        else:
            piece = self._piece(said, buffer)
            if piece is not None:
                self._apply(said, buffer, piece)
        if self.mode == "insert" and self._inserting:
            self._inserting = replace(self._inserting, command=command)
        elif name == "d":
            self._change = _Change(command)

    def _start_inserting(self, command: Command, buffer: Buffer) -> None:
        match command.name:
            case "a":
                end = places.line_end(buffer.text, buffer.caret)
                buffer.caret = min(end, buffer.caret + 1)
            case "I":
                line = buffer.line(buffer.caret)
                indent = len(line) - len(line.lstrip())
                buffer.caret = places.line_start(buffer.text, buffer.caret) + indent
            case "A":
                buffer.caret = places.line_end(buffer.text, buffer.caret)
            case "o" | "O" as which:
                operators.open_line(buffer, self.indent_after, above=which == "O")
            case "gi" if "^" in self._marks:
                row, column = self._marks["^"]
                start = places.row_start(buffer.text, row)
                buffer.caret = min(start + column, places.line_end(buffer.text, start))
        self._begin_insert(buffer, command)

    def _changed(self, command: Command, buffer: Buffer) -> bool:
        """Do what needs no motion; False if it could not be done."""
        match command.name:
            case "r":
                return self._replace_characters(command, buffer)
            case "~":
                end = min(places.line_end(buffer.text, buffer.caret), buffer.caret + command.times)
                operators.recase(buffer, Piece(buffer.caret, end), str.swapcase)
                buffer.caret = end
                return True
            case "J" | "gJ" as which:
                return operators.join(buffer, command.times, spaces=which == "J")
            case "p" | "P" as which:
                what = self.registers.get(command.register, buffer.clipboard)
                if what is None:
                    buffer.do(Say(f"Nothing in register {command.register or 'unnamed'}"))
                    return False
                operators.put(buffer, what, min(command.times, 1000), before=which == "P")
                return True
        return False

    def _replace_characters(self, command: Command, buffer: Buffer) -> bool:
        end = buffer.caret + command.times
        if end > places.line_end(buffer.text, buffer.caret):
            return False
        if command.argument == "\n":
            buffer.edit(buffer.caret, end, "\n")
            buffer.caret += 1
        else:
            buffer.edit(buffer.caret, end, command.argument * command.times)
            buffer.caret = end - 1
        return True

    def _repeat(self, command: Command, buffer: Buffer) -> None:
        change = self._change
        if change is None:
            return
        said = replace(change.command, count=command.count or change.command.count)
        self._do(said, buffer)
        # Mypy remembers that the mode was another before.
        if self._is_inserting():
            times = said.times if said.name in _STARTS_INSERT and said.name not in _IN_OTHER_WORDS else 1
            buffer.edit(buffer.caret, buffer.caret, change.typed * times)
            buffer.caret += len(change.typed) * times
            self.mode, self._inserting = "normal", None
            if change.typed and buffer.caret > places.line_start(buffer.text, buffer.caret):
                buffer.caret -= 1
        self._change = replace(change, command=said)

    def _is_inserting(self) -> bool:
        return self.mode == "insert"

    def _macro(self, which: str, command: Command, buffer: Buffer) -> None:
        if which == "@":
            name = self._played if command.argument == "@" else command.argument
            self._played = name
            macro = self._macros.get(name)
            if macro is None:
                buffer.do(Say(f"Nothing was recorded as {name}"))
            else:
                buffer.do(Play((macro * command.times)[:_LONGEST_MACRO]))
        elif command.argument.isalnum():
            self._recording = (command.argument.lower(), ())

    # Visual mode

    def _do_visual(self, command: Command, buffer: Buffer) -> None:
        name = command.name
        if not name:
            self._move_visual(command, buffer)
            return
        if name in ("v", "V"):
            wanted: Mode = "visual" if name == "v" else "visual line"
            if self.mode == wanted:
                self._leave_visual(buffer)
            else:
                self.mode = wanted
            return
        if name == "o":
            self._anchor, buffer.caret = buffer.caret, self._anchor
            return
        piece = self._selection(buffer)
        if name in _LINES_IN_VISUAL:
            piece = Piece(
                places.line_start(buffer.text, piece.start),
                places.line_end(buffer.text, max(piece.start, piece.end - 1)),
                True,
            )
        if name in ("/", "?", ":"):
            self._leave_visual(buffer)
            self.mode, self.prompt = "prompt", ":'<,'>" if name == ":" else name
            return
        if name == "m":
            self._marks[command.argument] = (
                places.row_of(buffer.text, buffer.caret),
                column_of(buffer.text, buffer.caret),
            )
            return
        self._leave_visual(buffer)
        self._operate_on_selection(command, buffer, piece)

    def _operate_on_selection(self, command: Command, buffer: Buffer, piece: Piece) -> None:
        name = _LINES_IN_VISUAL.get(command.name, _PLAIN_IN_VISUAL.get(command.name, command.name))
        buffer.caret = piece.start
        if name in OPERATORS:
            times = command.times if name in "<>" else 1
            for _ in range(min(times, 40)):
                self._apply(replace(command, name=name, motion="selection"), buffer, piece)
                piece = Piece(piece.start, min(piece.end, len(buffer.text)), piece.lines)
            # A repeated `.` works on as much text from the caret: this is the simplest that is right for most.
            self._change = _Change(replace(command, name=name, motion="l", count=max(1, piece.end - piece.start)))
            if piece.lines:
                rows = buffer_rows(piece, buffer)
                self._change = _Change(replace(command, name=name, motion="line", count=rows))
            if self.mode == "insert" and self._inserting:
                self._inserting = replace(self._inserting, command=self._change.command)
            elif name != "y" and not piece.lines:
                buffer.caret = min(piece.start, len(buffer.text))
            return
        match name:
            case "r":
                old = buffer.text[piece.start : piece.end]
                buffer.edit(piece.start, piece.end, "".join("\n" if c == "\n" else command.argument for c in old))
                buffer.caret = piece.start
            case "J" | "gJ":
                count = buffer.text.count("\n", piece.start, piece.end) + 1
                operators.join(buffer, max(2, count), spaces=name == "J")
            case "p" | "P":
                self._put_over(command, buffer, piece)
            case "I":
                self._begin_insert(buffer, Command("i"))
            case "A":
                buffer.caret = piece.end
                self._begin_insert(buffer, Command("a"))

    def _put_over(self, command: Command, buffer: Buffer, piece: Piece) -> None:
        what = self.registers.get(command.register, buffer.clipboard)
        if what is None:
            buffer.do(Say("Nothing to put"))
            return
        operators.copy(buffer, piece, self.registers, "", deleted=True)
        between = "\n" if what.lines and not piece.lines else ""
        buffer.edit(piece.start, piece.end, between + what.text + between)
        buffer.caret = piece.start if what.lines else max(piece.start, piece.start + len(what.text) - 1)

    def _move_visual(self, command: Command, buffer: Buffer) -> None:
        motion = command.motion
        if len(motion) == 2 and motion[0] in "ia":
            found = object_at(buffer.text, buffer.caret, motion[1], whole=motion[0] == "a", count=command.times)
            if found is not None and found[0] < found[1]:
                self._anchor, buffer.caret = found[0], found[1] - 1
                if found[2] == "lines":
                    self.mode = "visual line"
            return
        self._move(command, buffer)

    def _selection(self, buffer: Buffer) -> Piece:
        start, end = sorted((min(self._anchor, len(buffer.text)), buffer.caret))
        if self.mode == "visual line":
            return Piece(places.line_start(buffer.text, start), places.line_end(buffer.text, end), lines=True)
        return Piece(start, min(len(buffer.text), end + 1))

    def _leave_visual(self, buffer: Buffer) -> None:
        if self.mode in ("visual", "visual line"):
            self._last_visual = (self.mode, self._anchor, buffer.caret)
            ends = sorted(places.row_of(buffer.text, at) for at in (min(self._anchor, len(buffer.text)), buffer.caret))
            self._selected = ends[0], ends[1]
        self.mode = "normal"

    def span(self, text: str, caret: int) -> tuple[int, int] | None:
        """What visual mode has selected."""
        if self.mode not in ("visual", "visual line"):
            return None
        piece = self._selection(Buffer(View(text, caret)))
        return piece.start, piece.end


def buffer_rows(piece: Piece, buffer: Buffer) -> int:
    return buffer.text.count("\n", piece.start, min(piece.end, len(buffer.text))) + 1


def _typed(begun: _Inserting, text: str) -> str:
    """What was typed since, where it was typed at the caret and went on from there."""
    after = begun.text[begun.caret :]
    if text.startswith(begun.text[: begun.caret]) and text.endswith(after) and len(text) >= len(begun.text):
        return text[begun.caret : len(text) - len(after)]
    return ""


def _stays(text: str, at: int, to: int) -> bool:
    return places.line_start(text, at) == places.line_start(text, to)


def _within_lines(text: str, at: int, to: int) -> int:
    """An operator with `w` takes no line feed after its last word."""
    while to > at + 1 and places.line_start(text, to) > at and not text[places.line_start(text, to) : to].strip():
        if to == len(text) and text[places.line_start(text, to) : to]:
            break
        end = places.line_start(text, to) - 1
        if end <= at:
            return at if text[at : at + 1] == "\n" else max(end, at)
        return end
    return to


_RECASE: Final[dict[str, Callable[[str], str]]] = {"g~": str.swapcase, "gu": str.lower, "gU": str.upper}
