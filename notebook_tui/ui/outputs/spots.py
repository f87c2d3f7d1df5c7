"""Places in the rows of an output that answer to a press of the mouse, or to Enter when the keyboard has gone there.

Rows are values and so are spots: what draws a view says where they are, the list of cells finds the one that was
meant, and `touch` says what it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from notebook_tui.widgets.messages import EventValue


@dataclass(frozen=True, slots=True)
class GoTo:
    """A line, from 1, of a cell."""

    cell_id: str
    line: int


@dataclass(frozen=True, slots=True)
class Act:
    """Do this with the widget: press the button, open a branch of the tree, submit the form."""

    ref: str
    value: EventValue = None


@dataclass(frozen=True, slots=True)
class Fill:
    """Change what stands in an input, or in a field of a form."""

    ref: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class OpenTab:
    ref: str
    index: int


@dataclass(frozen=True, slots=True)
class ShowSeries:
    """Of a plot: this series alone; pressed once more, all of them again."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class SortBy:
    """Of a table: up, then down, then as it is."""

    ref: str
    column: str


@dataclass(frozen=True, slots=True)
class TurnPage:
    """Of a table: the rows from `offset` on."""

    ref: str
    offset: int


@dataclass(frozen=True, slots=True)
class OpenWhole:
    """The cell's whole output in a screen of its own."""

    cell_id: str


@dataclass(frozen=True, slots=True)
class Shift:
    """Of a table that is too wide: its columns from `column` on, counted from 0."""

    ref: str
    column: int


@dataclass(frozen=True, slots=True)
class GiveKeys:
    """Every key goes to this keyboard of the notebook's code, until the user takes them back."""

    ref: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Type the line that a cell waits for."""

    question: str


Touch: TypeAlias = GoTo | Act | Fill | OpenTab | ShowSeries | SortBy | TurnPage | OpenWhole | Shift | GiveKeys | Reply


@dataclass(frozen=True, slots=True)
class Spot:
    """From column `start` of its row's text up to `end`, counted in cells of the screen."""

    start: int
    end: int
    touch: Touch
