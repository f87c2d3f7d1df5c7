"""Keys that run cells."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Run"
_RUN: Final = "Run the cell, and what is outdated above it"
RUNNING: Final[tuple[Key, ...]] = (
    Key(_GROUP, _RUN, "run", ("e e",), hint="run"),
    Key(_GROUP, _RUN, "run", ("ctrl+e", "f5", "ctrl+enter"), "anywhere", "run"),
    Key(_GROUP, "Run the cell and go to the next", "run_and_next", ("ctrl+r", "shift+enter"), "anywhere", "run, next"),
    Key(_GROUP, "Run the cell and all outdated ones", "run_with_outdated", ("f6", "ctrl+shift+enter"), "anywhere"),
    Key(_GROUP, "Run only this cell", "run_only", ("e o",), hint="only this"),
    Key(_GROUP, "Run the section", "run_section", ("e s",), hint="section"),
    Key(_GROUP, "Run all outdated cells", "run_outdated", ("e a",), hint="all outdated"),
    Key(_GROUP, "Stop the cell, or take it out of the queue", "cancel", ("e x",), hint="stop"),
    Key(_GROUP, "Run the cell and all below it", "run_from_here", ("e b",), hint="and below"),
    Key(_GROUP, "Run again what ran so far", "run_again", ("e r",), hint="again"),
    Key(_GROUP, "Show what would run", "show_plan", ("e p",), hint="plan"),
    Key(_GROUP, "Why the cell is not up to date", "show_reasons", ("e w",), hint="why"),
    Key(_GROUP, "Interrupt what runs; again: insist; once more: end it", "interrupt", ("ctrl+c",)),
    Key(_GROUP, "Restart the runtime", "restart", ("0 0",), hint="restart the runtime"),
    Key(_GROUP, "Erase all outputs", "erase_outputs"),
)
