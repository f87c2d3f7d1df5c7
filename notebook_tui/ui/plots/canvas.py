"""Dots of several tracks laid over each other, as rows of Braille in the ink of whoever is on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.style import Style
from rich.text import Text

from notebook_tui.ui.plots.dots import Masks

_LEFT: Final = (0x01, 0x02, 0x04, 0x40)
_RIGHT: Final = (0x08, 0x10, 0x20, 0x80)
_EMPTY: Final = -1


def _table(bits: Sequence[int]) -> tuple[int, ...]:
    return tuple(sum(bit for row, bit in enumerate(bits) if four >> row & 1) for four in range(16))


_LEFT_OF: Final = _table(_LEFT)
_RIGHT_OF: Final = _table(_RIGHT)


@dataclass(slots=True)
class Canvas:
    """`columns` x `rows` characters, each two dots wide and four high.

    >>> canvas = Canvas(2, 1, [(0, (0b0001, 0b0001, 0b1000, 0b1000))])
    >>> [row.plain for row in canvas.texts([Style()])]
    ['⠉⣀']
    """

    columns: int
    rows: int
    layers: Sequence[tuple[int, Masks]]
    """Dots, each with the place of their ink; the last lie on top."""
    _characters: list[list[int]] = field(init=False)
    _owners: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self._characters = [[0] * self.columns for _ in range(self.rows)]
        self._owners = [[_EMPTY] * self.columns for _ in range(self.rows)]
        for column in range(self.columns):
            self._own(column)
            self._draw(column)

    def _draw(self, column: int) -> None:
        left = right = row = 0
        for _, masks in self.layers:
            left |= masks[2 * column]
            right |= masks[2 * column + 1]
        while left or right:
            self._characters[row][column] = _LEFT_OF[left & 15] | _RIGHT_OF[right & 15]
            left, right, row = left >> 4, right >> 4, row + 1

    def _own(self, column: int) -> None:
        """Give each character to the topmost of those who have a dot in it."""
        lowest_bits = int("1" * self.rows, 16)
        taken = 0
        for owner, masks in reversed(self.layers):
            dots = masks[2 * column] | masks[2 * column + 1]
            # One bit for each character: the lowest of its four rows of dots stands for them all.
            mine = (dots | dots >> 1 | dots >> 2 | dots >> 3) & lowest_bits & ~taken
            taken |= mine
            while mine:
                bit = mine & -mine
                self._owners[bit.bit_length() // 4][column] = owner
                mine ^= bit

    def mark(self, column: int, row: int, glyph: str, owner: int) -> None:
        """Put a character there."""
        self._characters[row][column] = ord(glyph) - 0x2800
        self._owners[row][column] = owner

    def row_of(self, column: int, owner: int) -> int | None:
        """The highest row in which that owner is on top in this column."""
        return next((row for row in range(self.rows) if self._owners[row][column] == owner), None)

    def is_marked(self, column: int, row: int) -> bool:
        return not 0 <= self._characters[row][column] < 256

    def cells_of(self, owner: int) -> list[tuple[int, int]]:
        """Column and row of each character that the owner is on top of."""
        return [(x, y) for y in range(self.rows) for x in range(self.columns) if self._owners[y][x] == owner]

    def texts(self, inks: Sequence[Style]) -> list[Text]:
        return [self._text(*row, inks) for row in zip(self._characters, self._owners, strict=True)]

    def _text(self, characters: list[int], owners: list[int], inks: Sequence[Style]) -> Text:
        text = Text("".join(chr(0x2800 + each) if each else " " for each in characters), end="")
        start = 0
        for column in range(1, self.columns + 1):
            if column == self.columns or owners[column] != owners[start]:
                if owners[start] != _EMPTY:
                    text.stylize(inks[owners[start]], start, column)
                start = column
        return text
