"""Every key and what it does: one table, from which bindings, help, hints and the command palette are drawn.

Modes. In *navigation* single letters and short sequences act on the focused cell, as in Livebook. In *places* the
keyboard is inside the output of a cell, and what has no meaning there has that of navigation. In *insert* letters are
text. *Anywhere* keys work in both, and each of those actions has a key that reaches a program even in a
terminal that cannot tell Ctrl+Enter from Enter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from notebook_tui.ui.keys.editing import EDITING
from notebook_tui.ui.keys.filing import FILING
from notebook_tui.ui.keys.key import Key, Mode
from notebook_tui.ui.keys.moving import MOVING
from notebook_tui.ui.keys.panels import PANELS
from notebook_tui.ui.keys.places import PLACES
from notebook_tui.ui.keys.running import RUNNING
from notebook_tui.ui.keys.showing import SHOWING
from notebook_tui.ui.keys.writing import WRITING

KEYS: Final[tuple[Key, ...]] = (*RUNNING, *MOVING, *WRITING, *SHOWING, *PANELS, *FILING, *PLACES, *EDITING)


def keys_of(mode: Mode) -> Iterator[Key]:
    return (key for key in KEYS if key.mode == mode and key.keys)


def sequences() -> dict[tuple[str, ...], Key]:
    """What acts on the focused cell, by the single keys that it is pressed with."""
    found = (*keys_of("navigation"), *keys_of("anywhere"))
    return {tuple(keys.split()): key for key in found for keys in key.keys}


def place_actions() -> dict[str, str]:
    """What a single key does while the keyboard is inside an output."""
    return {name: key.action for key in keys_of("places") for name in key.keys}
