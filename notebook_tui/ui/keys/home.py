"""Keys of home, where notebooks are chosen: as in the notebook, and as in file managers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from notebook_tui.ui.keys.key import Key

_CHOOSE: Final = "Choose"
_MOVE: Final = "Move"
_LIST: Final = "The list"
_PROGRAM: Final = "Program"
HOME: Final[tuple[Key, ...]] = (
    Key(_CHOOSE, "Open what is marked", "open", ("enter", "l", "right"), hint="open"),
    Key(_CHOOSE, "New notebook", "new", ("n",), hint="new"),
    Key(_CHOOSE, "New notebook, named later", "new_unnamed", ("N",)),
    Key(_CHOOSE, "Open a file or folder by its path", "open_path", ("o",), hint="path"),
    Key(_MOVE, "Next", "next", ("j", "down")),
    Key(_MOVE, "Previous", "previous", ("k", "up")),
    Key(_MOVE, "First", "first", ("g g", "home")),
    Key(_MOVE, "Last", "last", ("G", "end")),
    Key(_MOVE, "Scroll down", "page_down", ("pagedown", "space")),
    Key(_MOVE, "Scroll up", "page_up", ("pageup",)),
    Key(_MOVE, "Next group", "next_group", ("tab",)),
    Key(_MOVE, "Group before", "previous_group", ("shift+tab",)),
    Key(_MOVE, "Folder above", "parent", ("h", "left", "backspace")),
    Key(_LIST, "Find by typing", "find", ("slash",), hint="find"),
    Key(_LIST, "Star, or no star", "star", ("s",), hint="star"),
    Key(_LIST, "Take off the list; the file stays", "forget", ("d",)),
    Key(_LIST, "Stop the session that a server holds", "stop", ("x",)),
    Key(_LIST, "Show hidden files, or hide them", "toggle_hidden", ("full_stop",)),
    Key(_LIST, "Look again", "look_again", ("r",)),
    Key(_PROGRAM, "All keys", "help", ("question_mark", "f1"), hint="keys"),
    Key(_PROGRAM, "Commands", "app.command_palette", ("ctrl+p",)),
    Key(_PROGRAM, "Quit", "app.quit", ("q", "ctrl+q"), hint="quit"),
)


_MAKES: Final = ("new", "new_unnamed")


def home_keys(*, makes: bool) -> tuple[Key, ...]:
    """Those that do something; `makes`: for somebody who may make files.

    >>> {key.keys for key in home_keys(makes=True)} - {key.keys for key in home_keys(makes=False)} == {("n",), ("N",)}
    True
    """
    return tuple(key for key in HOME if makes or key.action not in _MAKES)


def home_sequences() -> dict[tuple[str, ...], Key]:
    """By the single keys that each is pressed with."""
    return {tuple(keys.split()): key for key in HOME for keys in key.keys}


def hinted(*, makes: bool) -> Iterator[Key]:
    return (key for key in home_keys(makes=makes) if key.hint)
