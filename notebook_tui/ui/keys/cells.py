"""Keys that make something else of a cell or a section."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Cells"
CELLS: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Take back the last change", "undo_edit", ("u",)),
    Key(_GROUP, "Do it again", "redo_edit", ("U",)),
    Key(_GROUP, "Copy the cell", "copy_cell", ("y y",), hint="copy"),
    Key(_GROUP, "Cut the cell", "cut_cell", ("x",)),
    Key(_GROUP, "Put the copied cell below", "paste_below", ("p",)),
    Key(_GROUP, "Put the copied cell above", "paste_above", ("P",)),
    Key(_GROUP, "Merge the cell with the one below", "merge_cell", ("t j",), hint="join the next"),
    Key(_GROUP, "Merge the cell with the one below", "merge_cell", ("ctrl+l m",), "insert", "merge"),
    Key(_GROUP, "Split the cell at the caret", "split_cell", ("ctrl+backslash", "ctrl+l s"), "insert", "split"),
    Key(_GROUP, "Turn the cell into Markdown", "turn_into_markdown", ("t m",), hint="Markdown"),
    Key(_GROUP, "Turn the cell into code", "turn_into_code", ("t c",), hint="code"),
    Key(_GROUP, "Settings of the cell", "cell_settings", ("t s",), hint="settings"),
    Key(_GROUP, "Branch the section from another", "branch_section", ("t b",), hint="branch"),
)
