"""One row of a page: runs of text in one ink while it only grows, cells once it is written over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from notebook_tui.widgets.terminal.ink import PLAIN, Ink, ending_of, sequence_of
from notebook_tui.widgets.terminal.widths import cells_of, is_narrow


class Row:
    """As wide as it was written; columns count from 0.

    >>> row = Row()
    >>> row.write(0, "hello", PLAIN)
    5
    >>> row.write(1, "a", Ink(bold=True))
    2
    >>> [(text, ink.bold) for text, ink in row.runs()]
    [('h', False), ('a', True), ('llo', False)]
    """

    __slots__ = ("_characters", "_inks", "_runs", "width")

    def __init__(self) -> None:
        self.width = 0
        self._runs: list[tuple[str, Ink]] = []
        self._characters: list[str] | None = None
        self._inks: list[Ink] = []

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to be seen."""
        return self.width == 0 or all(ink.back is None and not text.strip() for text, ink in self.runs())

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.runs())

    def runs(self) -> Iterator[tuple[str, Ink]]:
        """Neighbouring texts of different ink, or of one."""
        if self._characters is None:
            yield from self._runs
            return
        start = 0
        for place in range(1, len(self._inks) + 1):
            if place == len(self._inks) or self._inks[place] != self._inks[start]:
                yield "".join(self._characters[start:place]), self._inks[start]
                start = place

    def sequences(self) -> str:
        """The row as text that a terminal shows so, from plain ink to plain ink."""
        return "".join(f"{sequence_of(ink)}{text}{ending_of(ink)}" for text, ink in self.runs())

    def write(self, column: int, text: str, ink: Ink) -> int:
        """Put the text there, over what stands there; the column behind it."""
        narrow = is_narrow(text)
        if self._characters is None and column >= self.width:
            return self._append(column, text, ink, narrow)
        cells = list(text) if narrow else list(cells_of(text))
        if not cells:
            return self._mark(column, text)
        end = column + len(cells)
        if column == 0 and end >= self.width:
            self._runs, self._characters, self._inks, self.width = [("".join(cells), ink)], None, [], end
            return end
        characters = self._opened()
        self._pad(column)
        self._split(column)
        self._split(end)
        characters[column:end] = cells
        self._inks[column:end] = repeat(ink, len(cells))
        self.width = len(characters)
        return end

    def clear(self) -> None:
        self.width = 0
        self._runs, self._characters, self._inks = [], None, []

    def erase(self, start: int, end: int) -> None:
        """Nothing stands in these columns any more; what stands behind them stays where it is."""
        if end >= self.width:
            self.cut(start)
        elif start < end:
            self.write(start, " " * (end - start), PLAIN)

    def cut(self, column: int) -> None:
        """Nothing stands from that column on."""
        if column == 0:
            self.clear()
        elif column < self.width:
            characters = self._opened()
            self._split(column)
            del characters[column:], self._inks[column:]
            self.width = column

    def insert(self, column: int, count: int, limit: int) -> None:
        """Blanks there; what stands there moves to the right, and is lost behind `limit` columns."""
        if column < self.width:
            characters = self._opened()
            self._split(column)
            characters[column:column] = repeat(" ", count)
            self._inks[column:column] = repeat(PLAIN, count)
            self.width = len(characters)
            self.cut(max(limit, column))

    def delete(self, column: int, count: int) -> None:
        """These columns go; what stands behind them moves to the left."""
        if column + count >= self.width:
            self.cut(column)
            return
        characters = self._opened()
        self._split(column)
        self._split(column + count)
        del characters[column : column + count], self._inks[column : column + count]
        self.width = len(characters)

    def _append(self, column: int, text: str, ink: Ink, narrow: bool) -> int:
        if not narrow:
            cells = list(cells_of(text))
            if not cells:
                return self._mark(column, text)
            text, columns = "".join(cells), len(cells)
        else:
            columns = len(text)
        if column > self.width:
            self._runs.append((" " * (column - self.width), PLAIN))
        if self._runs and self._runs[-1][1] is ink and len(self._runs[-1][0]) + len(text) < 256:
            text = self._runs.pop()[0] + text
        self._runs.append((text, ink))
        self.width = column + columns
        return self.width

    def _mark(self, column: int, text: str) -> int:
        """Marks alone, with what came before them in an earlier piece."""
        place = min(column, self.width) - 1
        if place < 0:
            return column
        characters = self._opened()
        if not characters[place]:
            place -= 1
        characters[place] = next(cells_of(characters[place] + text))
        return column

    def _opened(self) -> list[str]:
        if self._characters is None:
            self._characters = []
            for text, ink in self._runs:
                cells = list(text) if is_narrow(text) else list(cells_of(text))
                self._characters += cells
                self._inks += repeat(ink, len(cells))
            self._runs = []
        return self._characters

    def _pad(self, column: int) -> None:
        missing = column - self.width
        if missing > 0:
            characters = self._opened()
            characters += repeat(" ", missing)
            self._inks += repeat(PLAIN, missing)

    def _split(self, column: int) -> None:
        """A wide character that stands on both sides of the column becomes two blanks."""
        characters = self._opened()
        if column < len(characters) and not characters[column]:
            characters[column - 1] = characters[column] = " "
