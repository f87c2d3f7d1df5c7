"""Keys that find and replace text."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Find"
FINDING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Find in the notebook", "find", ("slash",), hint="find"),
    Key(_GROUP, "Find; in the editor in its cell, press again for all cells", "find", ("ctrl+f",), "anywhere"),
    # n and N make cells here, as in Livebook.
    Key(_GROUP, "Next match", "find_next", ("f3", "ctrl+g"), "anywhere"),
    Key(_GROUP, "Previous match", "find_previous", ("shift+f3", "ctrl+shift+g"), "anywhere"),
    Key(_GROUP, "Replace", "replace", ("f7",), "anywhere"),
    Key(_GROUP, "Take back the last replacement in all cells", "undo_replacement", ("g u",), hint="take back"),
)
