"""Keys while a cell is edited."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "While editing"
_COMMENT: Final = ("ctrl+underscore", "ctrl+slash", "ctrl+l c")
EDITING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Leave the cell", "leave", ("escape",), "insert", "leave"),
    Key(_GROUP, "Complete the word, or indent", "complete_or_indent", ("tab",), "insert", "complete"),
    Key(_GROUP, "Complete the word", "complete", ("ctrl+@",), "insert"),
    Key(_GROUP, "What the call takes", "show_signature", ("f4", "ctrl+shift+space", "ctrl+shift+@"), "insert"),
    Key(_GROUP, "What the name stands for", "describe", ("f2",), "insert", "describe"),
    Key(_GROUP, "Undo", "undo", ("ctrl+z",), "insert"),
    Key(_GROUP, "Redo", "redo", ("ctrl+y",), "insert"),
    Key(_GROUP, "Indent less", "dedent", ("shift+tab",), "insert"),
    Key(_GROUP, "Move the lines up", "move_lines_up", ("alt+up", "ctrl+l k", "ctrl+l up"), "insert", "up"),
    Key(_GROUP, "Move the lines down", "move_lines_down", ("alt+down", "ctrl+l j", "ctrl+l down"), "insert", "down"),
    Key(_GROUP, "Duplicate the lines", "duplicate_lines", ("alt+shift+down", "ctrl+l d"), "insert", "double"),
    Key(_GROUP, "Delete the lines", "delete_lines", ("ctrl+shift+k", "ctrl+l x"), "insert", "delete"),
    Key(_GROUP, "Join the lines", "join_lines", ("ctrl+l o",), "insert", "join"),
    Key(_GROUP, "Indent more", "indent", ("ctrl+l i",), "insert", "indent"),
    Key(_GROUP, "Comment or uncomment", "toggle_comment", _COMMENT, "insert", "comment"),
    Key(_GROUP, "Select the line", "select_line", ("ctrl+l l",), "insert", "line"),
    Key(_GROUP, "Select the word", "select_word", ("ctrl+l w",), "insert", "word"),
)
