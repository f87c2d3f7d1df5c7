"""Marks in rows of the screen: what is looked for stands out wherever it is drawn, by reverse and an underline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from notebook_tui.ui.finding.pattern import Pattern, Span, TooLong

FOUND: Final = Style(reverse=True, underline=True)


def highlighted(rows: Iterable[Strip], pattern: Pattern, left: int) -> Iterator[Strip]:
    """The rows with what is found from column `left` on marked; what goes on in the next row is not seen."""
    given_up = False
    for row in rows:
        if given_up:
            yield row
            continue
        try:
            yield _marked(row, pattern, left)
        except TooLong:
            given_up = True
            yield row


def spans_in(row: Strip, pattern: Pattern, left: int) -> list[Span]:
    """Where it is found in the row's text from column `left` on, as columns of the row."""
    text = row.crop(left, row.cell_length).text
    return [(left + cell_len(text[:start]), left + cell_len(text[:end])) for start, end in pattern.spans(text)]


def _marked(row: Strip, pattern: Pattern, left: int) -> Strip:
    spans = spans_in(row, pattern, left)
    if not spans:
        return row
    cuts = [column for span in spans for column in span]
    pieces = list(row.divide([*cuts, row.cell_length]))
    # Between two cuts of a match lies every second piece; a match in the first column leaves an empty one before it.
    marked = [piece.apply_style(FOUND) if index % 2 else piece for index, piece in enumerate(pieces)]
    return Strip.join(marked)
