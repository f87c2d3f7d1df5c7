"""Keys of `beamlike top`: as in the notebook, and as in htop where that has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from notebook_tui.ui.keys.key import Key, Mode

_LOOK: Final = "Look"
_MOVE: Final = "Move"
_ROWS: Final = "Rows"
_ACT: Final = "Act"
_PLACES: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
_TABS: Final = ("processes", "tree", "tasks", "threads", "loop", "links", "memory", "logs", "modules", "files")
_TRACE: Final = "In a trace"
_FLAME: Final = "In a flame graph"
_PROGRAM: Final = "Program"

TOP: Final[tuple[Key, ...]] = (
    *(Key(_LOOK, "Show that tab", f"tab_{tab}", (place,)) for place, tab in zip(_PLACES, _TABS, strict=True)),
    Key(_LOOK, "The next tab, the one before", "next_tab", ("tab", "right")),
    Key(_LOOK, "The next tab, the one before", "previous_tab", ("shift+tab", "left")),
    Key(_LOOK, "Look into what is marked", "open", ("enter", "l"), hint="open"),
    Key(_LOOK, "Back to the table", "back", ("escape", "h", "backspace")),
    Key(_LOOK, "Messages and calls, live", "trace", ("t",), hint="trace"),
    Key(_LOOK, "Where the time goes: flame graph", "profile", ("p",), hint="profile"),
    Key(_LOOK, "Another node", "nodes", ("n",), hint="nodes"),
    Key(_MOVE, "Next", "next", ("j", "down")),
    Key(_MOVE, "Previous", "previous", ("k", "up")),
    Key(_MOVE, "First", "first", ("g g", "home")),
    Key(_MOVE, "Last", "last", ("G", "end")),
    Key(_MOVE, "Scroll down", "page_down", ("pagedown",)),
    Key(_MOVE, "Scroll up", "page_up", ("pageup",)),
    Key(_ROWS, "Only rows with these letters", "find", ("slash",), hint="find"),
    Key(_ROWS, "Sort by the next column, the one before", "next_sort", ("s", "greater_than_sign"), hint="sort"),
    Key(_ROWS, "Sort by the next column, the one before", "previous_sort", ("S", "less_than_sign")),
    Key(_ROWS, "Follow what is marked, wherever it is sorted to", "follow", ("f",), hint="follow"),
    Key(_ROWS, "Freeze, or go on", "freeze", ("space", "z"), hint="freeze"),
    Key(_ROWS, "Look more often, less often", "faster", ("plus",)),
    Key(_ROWS, "Look more often, less often", "slower", ("minus",)),
    Key(_ROWS, "Look now", "refresh", ("r",)),
    Key(_ACT, "End a process: send an exit signal", "exit", ("x", "f9"), hint="end"),
    Key(_TRACE, "As a diagram, as lines", "trace_form", ("v",), "places"),
    Key(_TRACE, "Stop; then back", "back", ("escape",), "places"),
    Key(_FLAME, "To the function that stands there", "flame_move", ("up", "down", "left", "right"), "places"),
    Key(_FLAME, "As wide as the screen", "flame_zoom", ("enter",), "places"),
    Key(_FLAME, "Wider again", "flame_out", ("backspace",), "places"),
    Key(_FLAME, "Write it to a file", "flame_write", ("w",), "places"),
    Key(_PROGRAM, "All keys", "help", ("question_mark", "f1"), hint="keys"),
    Key(_PROGRAM, "Quit", "quit", ("q", "ctrl+q"), hint="quit"),
)


def top_sequences(mode: Mode = "navigation") -> dict[tuple[str, ...], Key]:
    """By the single keys that each is pressed with."""
    return {tuple(keys.split()): key for key in TOP if key.mode == mode for keys in key.keys}


_WORTH: Final = ("open", "find", "next_sort", "trace", "profile", "freeze", "follow", "exit", "nodes", "help", "quit")


def hinted() -> Iterator[Key]:
    """Those that are named at the bottom of the screen, the most useful first; `help` and `quit` always."""
    by_action = {key.action: key for key in TOP if key.hint}
    return (by_action[action] for action in _WORTH)
