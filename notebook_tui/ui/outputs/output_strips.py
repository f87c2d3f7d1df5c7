"""A cell's outputs as rows: text as a terminal shows it, a result after `=`, an error after `✗`.

A cell shows the end of what it has to say, as many rows as leave its source in view, and counts the lines that it
leaves out; the pager shows them all. Each row carries a mark for the gutter, so what kind of output it is never
depends on colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from rich.style import Style
from rich.text import Text as RichText

from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Still, Text, TextStream, View, drawn
from notebook_tui.ui.drawing.frame import CONTINUED
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import fold
from notebook_tui.ui.outputs.display_rows import plain_texts
from notebook_tui.ui.outputs.input_rows import label_width
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.terminal_text import decoded, last_lines
from notebook_tui.ui.outputs.view_rows import view_rows
from notebook_tui.widgets.views import Frame as Shown
from notebook_tui.widgets.views import Input, Plot

_FEWEST_ROWS: Final = 8
_MOST_VIEW_ROWS: Final = 240
_MOST_ROWS: Final = 40
_FOLDED: Final = Style(dim=True)
_AS_IT_COMES: Final = Looks()
_FRAME: Final = re.compile(r"Traceback |\s+(?:File|cell) .*, line \d+")


@dataclass(frozen=True, slots=True)
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
    outputs: Sequence[Output], width: int, limit: int, palette: Palette, looks: Looks = _AS_IT_COMES
) -> OutputView:
    """The last `limit` rows of the outputs. Views that can be used are shown whole beside these: what is hidden cannot
    be pressed."""
    shown: list[OutputRow] = []
    hidden = whole = 0
    labels = label_width(output for output in outputs if isinstance(output, Input))
    for output in reversed(outputs):
        if isinstance(output, View) and not isinstance(output, Plot | TextStream):
            rows = view_rows(output, width, palette, looks, labels, limit)
            if any(row.spots for row in rows) and whole + len(rows) <= _MOST_VIEW_ROWS:
                whole += len(rows)
                shown[:0] = rows
                continue
        room = limit + whole - len(shown)
        if room > 0:
            rows, left_out = _last_rows(output, room, limit, width, palette, looks)
            shown[:0] = rows
            hidden += left_out
        else:
            hidden += len(output_lines(output))
    return OutputView(tuple(shown), hidden)


def output_lines(output: Output) -> list[str]:
    """The lines of an output, before they are folded; they may hold escapes.

    >>> output_lines(Text("stdout", "a\\nb\\n"))
    ['a', 'b']
    """
    match drawn(output):
        case Text(text=text) | Exported(text=text):
            return text.removesuffix("\n").split("\n") if text else []
        case Result(text=text) | Display(text=text):
            return text.split("\n")
        case Error() as output:
            return _headline(output).split("\n") + _frames(output)
        case other:
            assert_never(other)


def _last_rows(
    output: Output, room: int, limit: int, width: int, palette: Palette, looks: Looks
) -> tuple[list[OutputRow], int]:
    """What is shown of one output in `room` rows, and how many of its lines are not. What has a height of its own takes
    no more than the `limit` of the whole cell, so that it stays as it is while others grow.

    A result gives its head instead of its end: the first rows of a table say more than its last.
    """
    left_out = 0
    if isinstance(output, Exported):
        output = _exported(output) or output
    if isinstance(output, View | Display):
        rows = view_rows(output, width, palette, looks, height=limit)
        ends = isinstance(output, TextStream | Shown)
        return (rows[-room:] if ends else rows[:room]), max(0, len(rows) - room)
    if isinstance(output, Text):
        tail, left_out = last_lines(output.text, room)
        output = Text(output.stream, tail)
    rows = list(_rows(output, width, palette))
    if len(rows) <= room:
        return rows, left_out
    kept = rows[:room] if isinstance(output, Result | Display) else rows[-room:]
    return kept, left_out + len(rows) - room


def _exported(output: Exported) -> Plot | None:
    if output.info.strip() != "vega-lite":
        return None
    from notebook_tui.ui.outputs.vega import vega_plot

    return vega_plot(output.text)


def _rows(output: Still, width: int, palette: Palette) -> Iterator[OutputRow]:
    match output:
        case Text(stream="stderr", text=text):
            return _marked("!", "!", palette.warning, _printed(text), width)
        case Text(text=text):
            return _marked(" ", " ", palette.muted, _printed(text), width)
        case Result(text=text) | Display(text=text):
            return _marked("=", " ", palette.ok, plain_texts(text, palette), width)
        case Error():
            return _marked("✗", " ", palette.error, _error(output, palette), width)
        case Exported(info=info, text=text):
            name = " ".join(printable(info).split()) or "output"
            kept = RichText(f"{name} drawn by Livebook · o opens its text", palette.muted, end="")
            return _marked("·", " ", palette.muted, [kept], width)
        case _:
            assert_never(output)


def _marked(first: str, rest: str, style: Style, lines: Iterable[RichText], width: int) -> Iterator[OutputRow]:
    """The rows of the lines: `first` marks the first line, `rest` the others, a broken bar what was folded."""
    mark = first
    for line in lines:
        row, *folded = fold(line, width)
        yield OutputRow(mark, style, row)
        yield from (OutputRow(CONTINUED, _FOLDED, piece) for piece in folded)
        mark = rest


def _printed(text: str) -> Iterator[RichText]:
    return decoded(text.removesuffix("\n")) if text != "\n" else iter([RichText(end="")])


def _headline(error: Error) -> str:
    return f"{error.type}: {error.message}" if error.message else error.type


def _frames(error: Error) -> list[str]:
    """The traceback without its last line where that says once more what the headline says."""
    frames = error.traceback.rstrip().removesuffix(_headline(error)).rstrip()
    return frames.split("\n") if frames else []


def _error(error: Error, palette: Palette) -> Iterator[RichText]:
    """Type and message first, for they are what is looked for; then the frames, the user's own lines in plain ink."""
    for line in decoded(_headline(error)):
        line.stylize_before(palette.error)
        yield line
    for line in decoded("\n".join(_frames(error))):
        if _FRAME.match(line.plain) or not line.plain.strip(" ^~"):
            line.stylize_before(palette.muted)
        yield line
