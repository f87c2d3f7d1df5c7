"""Keys for the file and the way out."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "File"
FILING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Save", "save", ("ctrl+s",), "anywhere", "save"),
    Key(_GROUP, "Home: other notebooks", "app.home", ("g h",), hint="home"),
    Key(_GROUP, "Quit", "app.quit", ("ctrl+q",), "anywhere", "quit"),
)
