"""All lines of a cell's outputs, for reading: split once, and coloured only when they are seen.

A million of them open at once, for most are kept as the texts that they are (`str`); what is coloured by us and not by
its program is short, and coloured right away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from rich.text import Text as RichText

from beamlike.kernel.record import frozen
from notebook_tui.document.outputs import Display, Error, Output, Result
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.outputs.display_rows import is_coloured_here, plain_texts
from notebook_tui.ui.outputs.error_rows import error_lines
from notebook_tui.ui.outputs.output_strips import output_lines
from notebook_tui.ui.outputs.terminal_text import decoded, plain

PageLine: TypeAlias = str | RichText


@frozen
class PageLines:
    lines: Sequence[PageLine] = ()
    starts: tuple[int, ...] = ()
    """The line with which each output begins."""

    def output_at(self, line: int) -> int:
        """The number of the output, from 1, that the line belongs to."""
        return sum(start <= line for start in self.starts)

    def text(self, line: int) -> RichText:
        """The line in its colours, fresh."""
        found = self.lines[line]
        return next(decoded(found), RichText(end="")) if isinstance(found, str) else found.copy()

    def plain(self, line: int) -> str:
        found = self.lines[line]
        return plain(found) if isinstance(found, str) else found.plain

    def holding(self, words: str) -> list[int]:
        """The lines in which the words stand; capitals matter where there are some among them.

        >>> PageLines(("Loss 1", "loss 2")).holding("loss"), PageLines(("Loss 1", "loss 2")).holding("Loss")
        ([0, 1], [0])
        """
        if words != words.lower():
            return [number for number in range(len(self.lines)) if words in self.plain(number)]
        return [number for number in range(len(self.lines)) if words in self.plain(number).lower()]


def page_lines(outputs: Sequence[Output], palette: Palette, cell_id: str = "") -> PageLines:
    """
    >>> page_lines([Result("[1,\\n 2]"), Error("KeyError", "1", "", None)], Palette()).starts
    (0, 2)
    """
    lines: list[PageLine] = []
    starts = []
    for output in outputs:
        starts.append(len(lines))
        lines += _lines(output, palette, cell_id)
    return PageLines(lines, tuple(starts))


def _lines(output: Output, palette: Palette, cell_id: str) -> Iterator[PageLine]:
    match output:
        case Error():
            return (line.text for line in error_lines(output, palette, cell_id, whole=True))
        case Result(text=text) | Display(text=text) if is_coloured_here(text):
            return plain_texts(text, palette)
        case _:
            return iter(output_lines(output))
