"""Keys that work on the text at the caret, and on whole texts."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Text"
TEXTS: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Go to the definition", "go_to_definition", ("f12", "ctrl+right_square_bracket"), "anywhere"),
    Key(_GROUP, "Go back", "go_back", ("ctrl+t", "alt+left", "ctrl+alt+minus"), "anywhere"),
    Key(_GROUP, "Go forward", "go_forward", ("ctrl+n", "alt+right", "ctrl+alt+equals_sign"), "anywhere"),
    Key(_GROUP, "Format the cell", "format_cell", ("f8", "ctrl+shift+f"), "anywhere"),
    Key(_GROUP, "Format all cells", "format_notebook"),
    Key(_GROUP, "Edit the cell with $EDITOR", "edit_outside", ("ctrl+o",), "anywhere"),
)
