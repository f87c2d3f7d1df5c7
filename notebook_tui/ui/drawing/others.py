"""Other people's carets in a text: a cell of their colour, what they have selected, and at the end of the line who it
is. Each has a mark too, so that nobody need tell colours apart."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row


@frozen
class Other:
    number: int
    mark: str
    name: str
    cell_id: str = ""
    anchor: int | None = None
    caret: int | None = None

    @property
    def label(self) -> str:
        """
        >>> Other(0, "●", "ann").label
        '● ann'
        """
        return f"{self.mark} {printable_row(self.name)}"


def ink_of(number: int, palette: Palette) -> Style:
    """The colour of that person."""
    return palette.series[number % len(palette.series)] if palette.series else palette.focus


def drawn_on(line: Text, start: int, others: Sequence[Other], palette: Palette) -> None:
    """Draws those whose carets or selections are in this line, which begins at `start` in the text.

    >>> line = Text("total")
    >>> drawn_on(line, 10, [Other(0, "●", "ann", "c", 12, 12), Other(1, "▲", "bob", "c", 3, 3)], Palette())
    >>> line.plain, line.spans[0].start
    ('total  ● ann', 2)
    """
    length = len(line)
    here: list[tuple[Other, Style]] = []
    for other in others:
        if other.caret is None or other.anchor is None:
            continue
        ink = ink_of(other.number, palette)
        first, last = sorted((other.anchor - start, other.caret - start))
        if last > 0 and first < length and first != last:
            line.stylize(ink + Style(underline=True), max(0, first), min(last, length))
        if 0 <= other.caret - start <= length:
            here.append((other, ink))
    for other, ink in here:
        assert other.caret is not None
        place = other.caret - start
        if place == length and len(line) == length:
            line.append(" ")
        line.stylize(ink + Style(reverse=True), place, place + 1)
    for other, ink in here:
        line.append(f"  {other.label}", ink + Style(italic=True))
