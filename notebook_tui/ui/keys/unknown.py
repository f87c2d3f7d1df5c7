"""What is said of a key that does nothing: which one does what it does elsewhere, and where all of them are listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from notebook_tui.ui.keys.key import pretty
from notebook_tui.ui.keys.table import KeyTable

_ELSEWHERE: Final = {
    "q": "app.quit",
    "Q": "app.quit",
    "w": "save",
    "a": "insert_code_above",
    "b": "insert_code_below",
    "c": "copy_cell",
    "v": "paste_below",
    "colon": "app.command_palette",
}
"""Letters that mean this in Jupyter's command mode, in vi or in a pager."""
_ALL: Final = "? shows all keys."


def said_of_unknown(pressed: Sequence[str], table: KeyTable | None = None) -> str:
    """
    >>> from notebook_tui.ui.keys.table import DEFAULT
    >>> said_of_unknown(("q",), DEFAULT)
    'q does nothing here. Quit: Ctrl+Q. ? shows all keys.'
    >>> said_of_unknown(("e", "q"), DEFAULT)
    'eq does nothing here. ? shows all keys.'
    """
    keys = pretty(" ".join(pressed))
    action = _ELSEWHERE.get(pressed[0]) if len(pressed) == 1 else None
    entry = table.entry(action, "navigation", "anywhere") if table is not None and action else None
    meant = f" {entry.title}: {pretty(entry.keys[0])}." if entry is not None else ""
    return f"{keys} does nothing here.{meant} {_ALL}"
