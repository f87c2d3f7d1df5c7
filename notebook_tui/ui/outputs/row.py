"""One row of an output: a mark for the gutter, a text, and what in it answers to a press."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from beamlike.kernel.record import frozen
from notebook_tui.ui.outputs.spots import Spot


@frozen
class OutputRow:
    mark: str
    """One character for the gutter: ` ` printed, `!` printed to stderr, `=` the value, `✗` an error, `┊` a line that
    goes on."""
    mark_style: Style
    text: Text
    spots: tuple[Spot, ...] = ()
