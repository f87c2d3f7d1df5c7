"""Lines and points over each other on one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.plots.axes import axes_for, caption, ticks_in
from notebook_tui.ui.plots.canvas import Canvas
from notebook_tui.ui.plots.dots import dots_of
from notebook_tui.ui.plots.marks import glyph_of, inks_of
from notebook_tui.ui.plots.scale import Scale, room_ahead, rounded_ends
from notebook_tui.ui.plots.track import Track, track_of
from notebook_tui.widgets.views import Plot, Series

_FEW = 12
"""So many lines carry their marks all along; of more, each only at its end."""


def chart_rows(
    plot: Plot, shown: Sequence[tuple[int, Series]], width: int, height: int, palette: Palette
) -> list[Text]:
    """The chart of these series of the plot, each with its place among all of them; none if nothing can be drawn."""
    tracks = [(index, series, track_of(series, plot.log_y)) for index, series in shown]
    tracks = [each for each in tracks if each[2].runs]
    if not tracks:
        return []
    across, up = extent([track for _, _, track in tracks], plot.log_y, height)
    axes = axes_for(width, height, across, up, plot.log_y)
    x_scale, y_scale = Scale(*across, axes.columns * 2), Scale(*up, height * 4)
    layers = [(index, dots_of(track, x_scale, y_scale, series.kind == "line")) for index, series, track in tracks]
    canvas = Canvas(axes.columns, height, layers)
    if len(tracks) > 1:
        for place, (index, series, _) in enumerate(tracks):
            _mark(canvas, index, place, len(tracks), series.kind == "scatter")
    rows = axes.around(canvas.texts(inks_of(len(plot.series), palette)), palette)
    if plot.x_label:
        rows.append(caption(plot.x_label, axes.margin, axes.columns, palette))
    return rows


def extent(tracks: Sequence[Track], log_y: bool, height: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """From where to where both axes go. The one of y ends at round values: so it often stays while points come. So does
    that of x where there are many lines, for as long as it stays only those are drawn anew that have got points."""
    across = min(track.x_low for track in tracks), max(track.x_high for track in tracks)
    if len(tracks) > _FEW:
        across = across[0], room_ahead(*across)
    up = min(track.y_low for track in tracks), max(track.y_high for track in tracks)
    return across, up if log_y else rounded_ends(*up, ticks_in(height))


def _mark(canvas: Canvas, owner: int, place: int, count: int, everywhere: bool) -> None:
    """Put the sign of a series on its line: where it ends, and now and then before, elsewhere than the others'."""
    glyph = glyph_of(owner)
    if everywhere:
        for column, row in canvas.cells_of(owner):
            canvas.mark(column, row, glyph, owner)
        return
    columns = canvas.columns
    wanted = [columns - 1]
    if count <= _FEW:
        apart = max(10, columns // 4)
        wanted += range(place * apart // count, columns - 1, apart)
    for column in wanted:
        _mark_near(canvas, owner, glyph, column)


def _mark_near(canvas: Canvas, owner: int, glyph: str, column: int) -> None:
    """There, or in the nearest column to the left where this series is seen and no other's sign stands."""
    for each in range(column, max(-1, column - 12), -1):
        row = canvas.row_of(each, owner)
        if row is not None and not canvas.is_marked(each, row):
            canvas.mark(each, row, glyph, owner)
            return
