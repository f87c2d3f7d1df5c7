"""A cell's outputs as rows: text as a terminal shows it, a result after `=`, an error after `✗`.

A cell shows the end of what it has to say, as many rows as leave its source in view, and counts the lines that it
leaves out; the pager shows them all. Each row carries a mark for the gutter, so what kind of output it is never
depends on colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, assert_never

from rich.style import Style
from rich.text import Text as RichText

from beamlike.kernel.record import frozen
from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text, TextStream, View, drawn
from notebook_tui.ui.drawing.frame import CONTINUED
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable, printable_row
from notebook_tui.ui.drawing.rows import fold
from notebook_tui.ui.outputs.display_rows import plain_texts
from notebook_tui.ui.outputs.error_rows import error_lines
from notebook_tui.ui.outputs.input_rows import label_width
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.terminal_text import count_rows, first_lines, last_rows, settled_lines
from notebook_tui.ui.outputs.traceback_lines import frames_of, headline
from notebook_tui.ui.outputs.view_rows import view_rows
from notebook_tui.widgets.terminal.widths import is_narrow
from notebook_tui.widgets.views import Frame as Shown
from notebook_tui.widgets.views import Gallery, Input, Plot

_FEWEST_ROWS: Final = 8
_MOST_VIEW_ROWS: Final = 240
_MOST_ROWS: Final = 40
_FOLDED: Final = Style(dim=True)
_AS_IT_COMES: Final = Looks()


@frozen
class OutputView:
    rows: tuple[OutputRow, ...] = ()
    hidden_lines: int = 0
    """How many lines are not among the rows."""


def rows_for(height: int) -> int:
    """How many rows of output a cell shows in a window of that height.

    >>> rows_for(22), rows_for(58), rows_for(5)
    (14, 38, 8)
    """
    return max(_FEWEST_ROWS, min(height * 2 // 3, _MOST_ROWS))


def inline_view(
    outputs: Sequence[Output],
    width: int,
    limit: int,
    palette: Palette,
    looks: Looks = _AS_IT_COMES,
    cell_id: str = "",
) -> OutputView:
    """The last `limit` rows of the outputs of that cell; one row, with the count, where the viewer has folded them.
    Views that can be used are shown whole beside these, as what is hidden cannot be pressed, and so are galleries."""
    if cell_id in looks.folded and outputs:
        return OutputView((_folded_row(outputs, palette),))
    shown: list[OutputRow] = []
    hidden = whole = 0
    labels = label_width(output for output in outputs if isinstance(output, Input))
    for output in reversed(outputs):
        room = limit + whole - len(shown)
        try:
            rows = _view(output, width, limit, palette, looks, labels)
            if (isinstance(output, Gallery) or any(row.spots for row in rows)) and whole + len(rows) <= _MOST_VIEW_ROWS:
                whole += len(rows)
                left_out = 0
            elif room <= 0:
                rows, left_out = [], count_lines(output)
            elif rows:
                rows, left_out = _cut(output, rows, room)
            else:
                rows, left_out = _last_rows(output, room, limit, width, palette, looks, cell_id)
        except Exception as error:
            # Of whatever a cell, or a stranger's file, has made: it must not take the view of all others with it, each
            # time that the notebook is opened.
            rows, left_out = [_not_drawn(error, width, palette)], 0
        shown[:0] = rows
        hidden += left_out
    return OutputView(tuple(shown), hidden)


def _view(output: Output, width: int, limit: int, palette: Palette, looks: Looks, labels: int) -> list[OutputRow]:
    """All rows of a view; none of what is no view, or is text that grows, of which the end is enough."""
    if not isinstance(output, View) or isinstance(output, TextStream):
        return []
    return view_rows(output, width, palette, looks, labels, limit)


def output_lines(output: Output) -> list[str]:
    """The lines of an output, before they are folded; each stands alone, and may hold colours.

    >>> output_lines(Text("stdout", "a\\nb\\n"))
    ['a', 'b']
    """
    match drawn(output):
        case Text(text=text) | Exported(text=text):
            return settled_lines(text) if text != "\n" else [""]
        case Result(text=text) | Display(text=text):
            return settled_lines(text) + [""] * (text.endswith("\n") or not text)
        case Error() as output:
            return [*settled_lines(headline(output)), *settled_lines("\n".join(frames_of(output)))]
        case other:
            assert_never(other)


def count_lines(output: Output) -> int:
    """How many lines an output has, before they are folded.

    >>> count_lines(Result("1\\n2"))
    2
    """
    match drawn(output):
        case Text(text=text) | Exported(text=text):
            return count_rows(text)
        case Result(text=text) | Display(text=text):
            return text.count("\n") + 1
        case Error() as error:
            return len(headline(error).split("\n")) + len(frames_of(error))
        case other:
            assert_never(other)


def _not_drawn(error: Exception, width: int, palette: Palette) -> OutputRow:
    why = printable_row(" ".join(str(error).split()))
    text = RichText(f"cannot be drawn: {type(error).__name__}: {why}", palette.warning, end="")
    text.truncate(width, overflow="ellipsis")
    return OutputRow("!", palette.warning, text)


def _folded_row(outputs: Sequence[Output], palette: Palette) -> OutputRow:
    count = sum(map(count_lines, outputs))
    noun = "line" if count == 1 else "lines"
    what = ", with an error" if any(isinstance(output, Error) for output in outputs) else ""
    return OutputRow("▸", palette.muted, RichText(f"{count:,} {noun} folded{what} · za unfolds", palette.muted, end=""))


def _last_rows(
    output: Output, room: int, limit: int, width: int, palette: Palette, looks: Looks, cell_id: str
) -> tuple[list[OutputRow], int]:
    """What is shown of one output in `room` rows, and how many of its lines are not. What has a height of its own takes
    no more than the `limit` of the whole cell, so that it stays as it is while others grow.

    A result gives its head instead of its end: the first rows of a table say more than its last. An error gives its
    message, and where it was raised.
    """
    if isinstance(output, Exported):
        output = _exported(output) or output
    if isinstance(output, View | Display):
        return _cut(output, view_rows(output, width, palette, looks, height=limit), room)
    output = drawn(output)
    if isinstance(output, Text):
        lines, left_out = last_rows(output.text, room)
        lines, cut_off = _ends(lines, width, room)
        left_out += cut_off
        rows = list(_printed(output.stream, lines, width, palette))
        return rows[-room:], left_out + max(0, len(rows) - room)
    below = 0
    if isinstance(output, Result):
        head, below = first_lines(output.text, room)
        output = Result(head)
    rows = list(_rows(output, width, palette, cell_id))
    left_out = max(0, len(rows) - room) + below
    if left_out and isinstance(output, Error) and room > 1:
        return [rows[0], *rows[1 - room :]], left_out
    return rows[:room], left_out


def _cut(output: Output, rows: list[OutputRow], room: int) -> tuple[list[OutputRow], int]:
    """Of what grows at its end the last rows, of anything else the first."""
    grows = isinstance(output, TextStream | Shown)
    return (rows[-room:] if grows else rows[:room]), max(0, len(rows) - room)


def _exported(output: Exported) -> Plot | None:
    if output.info.strip() != "vega-lite":
        return None
    from notebook_tui.ui.outputs.vega import vega_plot

    return vega_plot(output.text)


def _ends(lines: Sequence[RichText], width: int, room: int) -> tuple[list[RichText], int]:
    """The lines without whole rows at their beginnings that are not shown, and how many those are.

    What prints one endless line is folded from its end so, and not anew from its start with every piece.
    """
    kept, cut_off = [], 0
    for line in lines:
        rows = len(line.plain) // width - room
        if rows > room and is_narrow(line.plain):
            line, cut_off = line[rows * width :], cut_off + rows
        kept.append(line)
    return kept, cut_off


def _printed(stream: str, lines: Iterable[RichText], width: int, palette: Palette) -> Iterator[OutputRow]:
    mark, style = ("!", palette.warning) if stream == "stderr" else (" ", palette.muted)
    return _marked(mark, mark, style, lines, width)


def _rows(
    output: Result | Display | Error | Exported, width: int, palette: Palette, cell_id: str
) -> Iterator[OutputRow]:
    match output:
        case Result(text=text) | Display(text=text):
            return _marked("=", " ", palette.ok, plain_texts(text, palette), width)
        case Error():
            return _error_rows(output, width, palette, cell_id)
        case Exported(info=info, text=text):
            name = " ".join(printable(info).split()) or "output"
            kept = RichText(f"{name} drawn by Livebook · o opens its text", palette.muted, end="")
            return _marked("·", " ", palette.muted, [kept], width)
        case _:
            assert_never(output)


def _error_rows(error: Error, width: int, palette: Palette, cell_id: str) -> Iterator[OutputRow]:
    mark = "✗"
    for line in error_lines(error, palette, cell_id):
        if line.carets and line.text.cell_len > width:
            continue  # folded, they would point at nothing
        row, *folded = fold(line.text, width)
        spots = tuple(replace(spot, end=min(spot.end, width)) for spot in line.spots if spot.start < width)
        yield OutputRow(mark, palette.error, row, spots)
        yield from (OutputRow(CONTINUED, _FOLDED, piece) for piece in folded)
        mark = " "


def _marked(first: str, rest: str, style: Style, lines: Iterable[RichText], width: int) -> Iterator[OutputRow]:
    """The rows of the lines: `first` marks the first line, `rest` the others, a broken bar what was folded."""
    mark = first
    for line in lines:
        row, *folded = fold(line, width)
        yield OutputRow(mark, style, row)
        yield from (OutputRow(CONTINUED, _FOLDED, piece) for piece in folded)
        mark = rest
