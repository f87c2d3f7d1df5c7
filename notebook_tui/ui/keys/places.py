"""Keys inside the output of a cell: to a button, a tab, a heading of a table, and what can be done there."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

# Keys that belong together have one title, and so one row in the help.
_GROUP: Final = "In an output"
PLACES: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Go into the output", "enter_places", ("tab",), hint="into the output"),
    Key(_GROUP, "Go into the output, from its end", "enter_places_last", ("shift+tab",)),
    Key(_GROUP, "All keys to the cell's keyboard", "give_keys", ("ctrl+k",)),
    Key(_GROUP, "Go to the cell that waits for input", "go_to_question", ("g i",), hint="the cell that asks"),
    Key(_GROUP, "Press it, fill it in, open it", "press_place", ("enter", "space"), "places"),
    Key(_GROUP, "The next place, the one before", "next_place", ("tab",), "places"),
    Key(_GROUP, "The next place, the one before", "previous_place", ("shift+tab",), "places"),
    Key(_GROUP, "The place that stands there", "place_left", ("left",), "places"),
    Key(_GROUP, "The place that stands there", "place_right", ("right",), "places"),
    Key(_GROUP, "The place that stands there", "place_below", ("down",), "places"),
    Key(_GROUP, "The place that stands there", "place_above", ("up",), "places"),
    Key(_GROUP, "More, less; another option", "more", ("plus",), "places"),
    Key(_GROUP, "More, less; another option", "less", ("minus",), "places"),
    Key(_GROUP, "Other columns of a table", "columns_right", ("l",), "places"),
    Key(_GROUP, "Other columns of a table", "columns_left", ("h",), "places"),
    Key(_GROUP, "Back to the cell", "leave_places", ("escape",), "places"),
)
