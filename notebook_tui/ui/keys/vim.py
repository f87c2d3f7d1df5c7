"""Keys of the editor as in Vim. `editing.keymaps.vim` knows them by itself; these rows tell the user, and tell what
other meanings of theirs give way."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_MODES: Final = "Vim: modes"
_MOTIONS: Final = "Vim: motions"
_OPERATORS: Final = "Vim: operators, with a motion or an object"
_OBJECTS: Final = "Vim: objects"
_CHANGES: Final = "Vim: changes"
_REST: Final = "Vim: registers, search, commands"


def _row(group: str, title: str, *keys: str) -> Key:
    return Key(group, title, "vim", keys, "normal")


VIM: Final[tuple[Key, ...]] = (
    Key(_MODES, "Leave insert mode; from normal mode, the cell", "leave", ("escape",), "insert", "normal, leave"),
    Key("Write", "Edit the cell", "edit", ("i",), hint="edit"),
    Key("Write", "Open the cell in normal mode", "open_in_normal_mode", ("enter",)),
    _row(_MODES, "Insert before, after the caret", "i", "a"),
    _row(_MODES, "Insert at the first letter, the end", "I", "A"),
    _row(_MODES, "Insert in a new line below, above", "o", "O"),
    _row(_MODES, "Visual mode by characters, lines", "v", "V"),
    _row(_MOTIONS, "Left, down, up, right", "h", "j", "k", "l"),
    _row(_MOTIONS, "Word: next, end, back, end back", "w", "e", "b", "g e"),
    _row(_MOTIONS, "The same, between blanks", "W", "E", "B", "g E"),
    _row(_MOTIONS, "Line: start, first letter, end", "0", "circumflex_accent", "dollar_sign"),
    _row(_MOTIONS, "First line, last line or line with that count", "g g", "G"),
    _row(_MOTIONS, "To, before a character; the other way", "f", "t", "F", "T"),
    _row(_MOTIONS, "That once more; the other way", "semicolon", "comma"),
    _row(_MOTIONS, "The bracket that fits", "percent_sign"),
    _row(_MOTIONS, "Paragraph back, forward", "left_curly_bracket", "right_curly_bracket"),
    _row(_MOTIONS, "Sentence back, forward", "left_parenthesis", "right_parenthesis"),
    _row(_MOTIONS, "Top, middle, bottom of the cell", "H", "M", "L"),
    _row(_MOTIONS, "Half a page down, up", "ctrl+d", "ctrl+u"),
    _row(_OPERATORS, "Delete, change, copy", "d", "c", "y"),
    _row(_OPERATORS, "Indent, less, as Python has it", "greater_than_sign", "less_than_sign", "equals_sign"),
    _row(_OPERATORS, "Swap case, small, capitals", "g tilde", "g u", "g U"),
    _row(_OPERATORS, "Whole lines: twice", "d d", "c c", "y y"),
    _row(
        _OBJECTS, "Inner or a word, string, bracket, paragraph", "i w", "a quotation_mark", "i left_parenthesis", "a p"
    ),
    _row(_CHANGES, "Delete, change, copy to the end of the line", "D", "C", "Y"),
    _row(_CHANGES, "Delete a character here, before", "x", "X"),
    _row(_CHANGES, "Change a character, a line", "s", "S"),
    _row(_CHANGES, "Replace a character; swap its case", "r", "tilde"),
    _row(_CHANGES, "Join lines", "J"),
    _row(_CHANGES, "Put after, before", "p", "P"),
    _row(_CHANGES, "Undo, redo", "u", "ctrl+r"),
    _row(_CHANGES, "Once more", "full_stop"),
    _row(_REST, "Use a register: a to z, + for the clipboard", "quotation_mark"),
    _row(_REST, "Set a mark; go to it, to its line", "m", "grave_accent", "apostrophe"),
    _row(_REST, "Record a macro; play it", "q", "at"),
    _row(_REST, "Search forward, back", "slash", "question_mark"),
    _row(_REST, "Next match, previous", "n", "N"),
    _row(_REST, "The word under the caret, forward, back", "asterisk", "number_sign"),
    _row(_REST, ":w :q :x :e! :s/a/b/g :%s :noh :12", "colon"),
    Key(_REST, "While inserting: delete the word, the line before", "vim", ("ctrl+w", "ctrl+u"), "insert"),
)
