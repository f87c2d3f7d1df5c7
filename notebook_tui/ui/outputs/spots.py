"""Places in the rows of an output that answer to a press of the mouse, or to Enter when the keyboard has gone there.

Rows are values and so are spots: what draws a view says where they are, the list of cells finds the one that was
meant, and `touch` says what it does.
"""

from __future__ import annotations

from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.widgets.messages import EventValue


@frozen
class GoTo:
    """A line, from 1, of a cell."""

    cell_id: str
    line: int


@frozen
class Act:
    """Do this with the widget: press the button, open a branch of the tree, submit the form."""

    ref: str
    value: EventValue = None


@frozen
class Fill:
    """Change what stands in an input, or in a field of a form."""

    ref: str
    field: str = ""


@frozen
class OpenTab:
    ref: str
    index: int


@frozen
class ShowSeries:
    """Of a plot: this series alone; pressed once more, all of them again."""

    ref: str
    name: str


@frozen
class SortBy:
    """Of a table: up, then down, then as it is."""

    ref: str
    column: str


@frozen
class TurnPage:
    """Of a table: the rows from `offset` on."""

    ref: str
    offset: int


@frozen
class OpenWhole:
    """The cell's whole output in a screen of its own."""

    cell_id: str


@frozen
class Shift:
    """Of a table that is too wide: its columns from `column` on, counted from 0."""

    ref: str
    column: int


@frozen
class GiveKeys:
    """Every key goes to this keyboard of the notebook's code, until the user takes them back."""

    ref: str


@frozen
class Reply:
    """Type the line that a cell waits for."""

    question: str


Touch: TypeAlias = GoTo | Act | Fill | OpenTab | ShowSeries | SortBy | TurnPage | OpenWhole | Shift | GiveKeys | Reply


@frozen
class Spot:
    """From column `start` of its row's text up to `end`, counted in cells of the screen."""

    start: int
    end: int
    touch: Touch
