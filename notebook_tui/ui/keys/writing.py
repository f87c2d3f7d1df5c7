"""Keys that change the notebook."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Write"
WRITING: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Edit the cell", "edit", ("i", "enter"), hint="edit"),
    Key(_GROUP, "New code cell below", "insert_code_below", ("n",), hint="new cell"),
    Key(_GROUP, "New code cell above", "insert_code_above", ("N",)),
    Key(_GROUP, "New Markdown cell below", "insert_markdown_below", ("m",)),
    Key(_GROUP, "New Markdown cell above", "insert_markdown_above", ("M",)),
    Key(_GROUP, "New section below", "insert_section", ("S",)),
    Key(_GROUP, "Move the cell or section down", "move_down", ("J",)),
    Key(_GROUP, "Move the cell or section up", "move_up", ("K",)),
    Key(_GROUP, "Delete the cell or section", "delete", ("d d",), hint="delete"),
)
