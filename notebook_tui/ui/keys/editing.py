"""Keys while a cell is edited."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "While editing"
EDITING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Leave the cell", "leave", ("escape",), "insert", "leave"),
    Key(_GROUP, "Complete the word, or indent", "complete_or_indent", ("tab",), "insert", "complete"),
    Key(_GROUP, "Complete the word", "complete", ("ctrl+@",), "insert"),
    Key(_GROUP, "Undo", "undo", ("ctrl+z",), "insert"),
    Key(_GROUP, "Redo", "redo", ("ctrl+y",), "insert"),
    Key(_GROUP, "Indent less", "dedent", ("shift+tab",), "insert"),
    Key(_GROUP, "Comment or uncomment", "toggle_comment", ("ctrl+underscore", "ctrl+slash"), "insert"),
)
