"""Keys that move the focus and the window."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Move"
MOVING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Next cell", "focus_next", ("j", "down"), hint="move"),
    Key(_GROUP, "Previous cell", "focus_previous", ("k", "up")),
    Key(_GROUP, "First cell", "focus_first", ("g g", "home"), hint="first cell"),
    Key(_GROUP, "Last cell", "focus_last", ("G", "end")),
    Key(_GROUP, "Scroll down", "page_down", ("pagedown", "space")),
    Key(_GROUP, "Scroll up", "page_up", ("pageup",)),
)
