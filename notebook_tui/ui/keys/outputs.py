"""Keys for what cells show: look at it, fold it, take it along."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Outputs"
OUTPUTS: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Open the whole output", "open_output", ("o",), hint="output"),
    Key(_GROUP, "Open the pictures", "open_pictures", ("s i",), hint="pictures"),
    Key(_GROUP, "Fold the output, or unfold it", "fold_output", ("z a",), hint="fold the output"),
    Key(_GROUP, "Fold all outputs, or unfold them", "fold_all_outputs", ("z A",), hint="fold all"),
    Key(_GROUP, "Go to the line of the error", "go_to_error", ("g e",), hint="the error"),
    Key(_GROUP, "Copy the source of the cell", "copy_source", ("y s",), hint="copy the source"),
    Key(_GROUP, "Copy the output of the cell", "copy_output", ("y o",), hint="copy the output"),
    Key(_GROUP, "Save the output to a file", "save_output", ("y f",), hint="save the output"),
)
