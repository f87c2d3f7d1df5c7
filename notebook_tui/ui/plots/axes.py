"""What stands around a drawing: values at its left, a line with ticks below it, and what they are values of."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.plots.scale import Tick, log_ticks, ticks
from notebook_tui.ui.plots.time_ticks import are_times, time_ticks

_ROWS_TO_A_TICK = 3
_COLUMNS_TO_A_TICK = 12


@frozen
class Axes:
    """Of a drawing of `columns` x `rows` characters."""

    columns: int
    rows: int
    left: tuple[tuple[int, str], ...]
    """The row of each tick, and its label."""
    below: tuple[tuple[int, str], ...]
    """The column of each tick, and its label."""

    @property
    def margin(self) -> int:
        return max((cell_len(label) for _, label in self.left), default=0)

    def around(self, drawing: Sequence[Text], palette: Palette) -> list[Text]:
        """The rows of the drawing, with the axes."""
        labels = dict(self.left)
        rows = []
        for index, row in enumerate(drawing):
            label = labels.get(index, "")
            gutter = f"{label:>{self.margin}} "
            rows.append(Text.assemble((gutter, palette.muted), ("┤" if label else "│", palette.faint), row, end=""))
        rows.append(self._line(palette))
        rows.append(self._labels(palette))
        return rows

    def _line(self, palette: Palette) -> Text:
        ticks_at = {column for column, _ in self.below}
        line = "".join("┬" if column in ticks_at else "─" for column in range(self.columns))
        return Text.assemble(" " * (self.margin + 1), ("└" + line, palette.faint), end="")

    def _labels(self, palette: Palette) -> Text:
        """Each label in the middle below its tick, as far as it finds room beside the one before."""
        row = ""
        for column, label in self.below:
            start = max(0, min(column - cell_len(label) // 2, self.columns - cell_len(label)))
            if start > len(row) or not row:
                row = row.ljust(start) + label
        return Text(" " * (self.margin + 2) + row, palette.muted, end="")


def axes_for(
    width: int,
    rows: int,
    across: tuple[float, float],
    up: tuple[float, float],
    log_y: bool = False,
    labels: Sequence[str] = (),
) -> Axes:
    """The axes of a drawing between these values, in `width` columns with all that stands at its left."""
    up_ticks = (log_ticks if log_y else ticks)(*up, ticks_in(rows))
    margin = max((len(tick.label) for tick in up_ticks), default=0)
    columns = max(8, width - margin - 2)
    most = max(2, columns // _COLUMNS_TO_A_TICK + 1)
    across_ticks = time_ticks(*across, most) if are_times(*across) else ticks(*across, most)
    left = tuple((rows - 1 - _place(tick, up, rows), tick.label) for tick in up_ticks)
    below = tuple((_place(tick, across, columns), tick.label) for tick in across_ticks)
    return Axes(columns, rows, left, below)


def ticks_in(rows: int) -> int:
    """How many ticks so many rows have room for."""
    return max(2, rows // _ROWS_TO_A_TICK + 1)


def _place(tick: Tick, ends: tuple[float, float], places: int) -> int:
    low, high = ends
    across = high / 2 - low / 2
    share = (tick.value / 2 - low / 2) / across if across else 0.5
    return max(0, min(places - 1, int(share * places)))


def caption(text: str, margin: int, columns: int, palette: Palette) -> Text:
    """What an axis is about, in the middle below it."""
    shown = printable_row(text)
    if cell_len(shown) > columns:
        shown = set_cell_size(shown, columns - 1) + "…"
    before = margin + 2 + (columns - cell_len(shown)) // 2
    return Text.assemble(" " * before, (shown, palette.muted), end="")
