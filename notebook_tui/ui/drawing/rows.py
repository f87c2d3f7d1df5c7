"""Rich texts to rows of the screen: folded to a width, never cut off.

`wrap_code` breaks lines where the editor breaks them, so that a cell keeps its height when it is opened for editing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from io import StringIO
from typing import Final

from rich.cells import chop_cells
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip
from textual.widgets.text_area import Document, WrappedDocument

from notebook_tui.ui.drawing.printable import printable_row

TAB_WIDTH: Final = 4
# Rich looks style names up in a console; ours are Style objects, so any console will do.
_CONSOLE: Final = Console(file=StringIO(), color_system=None, width=80)


def strip_of(text: Text, style: Style | None = None) -> Strip:
    """One row of a text without line breaks; `style` lies beneath the text's own. Every text that becomes a row of the
    screen passes here, so that none can command the terminal.

    >>> strip_of(Text("hello")).text
    'hello'
    """
    segments = text.render(_CONSOLE)
    strip = Strip(Segment(printable_row(segment.text), segment.style) for segment in segments if segment.text)
    # A text without spans renders without its own style.
    base = text.style if isinstance(text.style, Style) else None
    for beneath in filter(None, (base, style)):
        strip = strip.apply_style(beneath)
    return strip


def fold(text: Text, width: int) -> Iterator[Text]:
    """The text cut into pieces at most `width` cells wide; at least one piece.

    >>> [piece.plain for piece in fold(Text("abcdef"), 4)]
    ['abcd', 'ef']
    """
    if text.cell_len <= width:
        yield text
        return
    pieces = chop_cells(text.plain, max(2, width))
    offsets: list[int] = []
    for piece in pieces[:-1]:
        offsets.append((offsets[-1] if offsets else 0) + len(piece))
    yield from text.divide(offsets)


def wrap_code(lines: Iterable[Text], width: int) -> Iterator[tuple[int, bool, Text]]:
    """Rows of code as the editor wraps them: line number from 1, whether the row starts its line, its text."""
    lines = [_without_tabs(line) for line in lines]
    wrapped = WrappedDocument(Document("\n".join(line.plain for line in lines)), max(2, width))
    for index, line in enumerate(lines):
        offsets = wrapped.get_offsets(index)
        rows = line.divide(offsets) if offsets else [line]
        for row_index, row in enumerate(rows):
            yield index + 1, row_index == 0, row


def _without_tabs(line: Text) -> Text:
    if "\t" in line.plain:
        line = line.copy()
        line.expand_tabs(TAB_WIDTH)
    return line


def wrap_words(text: Text, width: int) -> Iterator[Text]:
    """Rows broken between words, a word that is too long cut.

    >>> [row.plain for row in wrap_words(Text("one two three"), 8)]
    ['one two', 'three']
    """
    for row in text.wrap(_CONSOLE, max(2, width), overflow="fold"):
        row.rstrip()
        row.end = ""
        yield row


def row_numbers(lines: Sequence[str], width: int) -> tuple[int | None, ...]:
    """For each row that the lines of a source take at this width: the number of the line it begins, None within a line.

    >>> row_numbers(["short", "a line that wraps"], 8)
    (1, 2, None, None)
    """
    numbers: list[int | None] = []
    for number, line in enumerate(lines, 1):
        numbers.append(number)
        # Nearly all lines are short and plain, and no character is wider than two cells: this is done for every line.
        is_short = 2 * len(line) <= width or (len(line) <= width and line.isascii())
        if not is_short or "\t" in line:
            numbers.extend([None] * (_row_count(line, width) - 1))
    return tuple(numbers)


@lru_cache(maxsize=1 << 15)
def _row_count(line: str, width: int) -> int:
    return sum(1 for _ in wrap_code([Text(line)], width))
