"""Keys for the file and the way out."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "File"
FILING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Save", "save", ("ctrl+s",), "anywhere", "save"),
    Key(_GROUP, "Save as, under another name", "save_as"),
    Key(_GROUP, "Rename the file", "rename"),
    Key(_GROUP, "Copy the notebook to another file", "duplicate"),
    Key(_GROUP, "Export as a page, Jupyter notebook or script", "export"),
    Key(_GROUP, "Where the file is", "show_path"),
    Key(_GROUP, "Home: other notebooks", "app.home", ("g h",), hint="home"),
    Key(_GROUP, "Detach: leave, and the session goes on", "app.detach", ("g d",), hint="detach"),
    Key(_GROUP, "Quit", "app.quit", ("ctrl+q",), "anywhere", "quit"),
)
