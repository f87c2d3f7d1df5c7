"""Every key and what it does: one table, from which bindings, help, hints and the command palette are drawn.

Modes. In *navigation* single letters and short sequences act on the focused cell, as in Livebook. In *places* the
keyboard is inside the output of a cell, and what has no meaning there has that of navigation. In *insert* letters are
text. *Anywhere* keys work in both, and each of those actions has a key that reaches a program even in a
terminal that cannot tell Ctrl+Enter from Enter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.ui.keys.cells import CELLS
from notebook_tui.ui.keys.editing import EDITING
from notebook_tui.ui.keys.filing import FILING
from notebook_tui.ui.keys.finding import FINDING
from notebook_tui.ui.keys.key import Key, Mode, pretty
from notebook_tui.ui.keys.moving import MOVING
from notebook_tui.ui.keys.outputs import OUTPUTS
from notebook_tui.ui.keys.panels import PANELS
from notebook_tui.ui.keys.places import PLACES
from notebook_tui.ui.keys.running import RUNNING
from notebook_tui.ui.keys.showing import SHOWING
from notebook_tui.ui.keys.texts import TEXTS
from notebook_tui.ui.keys.writing import WRITING

KEYS: Final[tuple[Key, ...]] = (
    *RUNNING,
    *MOVING,
    *WRITING,
    *CELLS,
    *TEXTS,
    *FINDING,
    *SHOWING,
    *OUTPUTS,
    *PANELS,
    *FILING,
    *PLACES,
    *EDITING,
)


@frozen
class KeyTable:
    """The rows that hold now.

    >>> KeyTable(KEYS).anywhere["ctrl+e"]
    'run'
    """

    rows: tuple[Key, ...]
    name: str = "default"

    def of(self, *modes: Mode) -> Iterator[Key]:
        """The rows of these modes that have a key."""
        return (key for key in self.rows if key.mode in modes and key.keys)

    def sequences(self) -> dict[tuple[str, ...], Key]:
        """What acts on the focused cell, by the single keys that it is pressed with."""
        return {tuple(keys.split()): key for key in self.of("navigation", "anywhere") for keys in key.keys}

    @property
    def anywhere(self) -> dict[str, str]:
        """The actions of keys that work while a cell is edited as well."""
        return {name: key.action for key in self.of("anywhere") for name in key.keys}

    @property
    def inside(self) -> dict[str, str]:
        """The actions of single keys while the keyboard is inside an output."""
        return {name: key.action for key in self.of("places") for name in key.keys}

    def entry(self, action: str, *modes: Mode) -> Key | None:
        """The row of the action in the first of these modes that has one."""
        found = (key for mode in modes for key in self.of(mode) if key.action == action)
        return next(found, None)

    def named(self, action: str, *modes: Mode) -> str:
        """The first key of the action as people write it; empty where it has none."""
        entry = self.entry(action, *modes)
        return pretty(entry.keys[0]) if entry else ""


DEFAULT: Final = KeyTable(KEYS)


def keys_of(mode: Mode) -> Iterator[Key]:
    return DEFAULT.of(mode)


def sequences() -> dict[tuple[str, ...], Key]:
    """What acts on the focused cell in the default map, by the single keys that it is pressed with."""
    return DEFAULT.sequences()
