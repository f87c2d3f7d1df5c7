"""Keys that open screens and panels."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Show"
SHOWING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Messages so far", "show_messages", ("s m",), hint="messages"),
    Key(_GROUP, "Settings", "settings", ("s comma",), hint="settings"),
    Key(_GROUP, "Folders that are trusted: take one back", "distrust_folder"),
    Key(_GROUP, "Use default keys", "use_default_keys"),
    Key(_GROUP, "Use keys of Vim", "use_vim_keys"),
    Key(_GROUP, "Use keys of Emacs", "use_emacs_keys"),
    Key(_GROUP, "All keys", "help", ("question_mark",), hint="keys"),
    Key(_GROUP, "All keys", "help", ("f1",), "anywhere"),
    Key(_GROUP, "Commands", "app.command_palette", ("ctrl+p",), "anywhere"),
)
