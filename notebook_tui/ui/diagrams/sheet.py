"""A sheet of characters on which lines meet: where several pass a place, its character joins them."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_LINES: Final = {
    UP: "│",
    DOWN: "│",
    UP | DOWN: "│",
    LEFT: "─",
    RIGHT: "─",
    LEFT | RIGHT: "─",
    DOWN | RIGHT: "╭",
    DOWN | LEFT: "╮",
    UP | RIGHT: "╰",
    UP | LEFT: "╯",
    UP | DOWN | RIGHT: "├",
    UP | DOWN | LEFT: "┤",
    LEFT | RIGHT | DOWN: "┬",
    LEFT | RIGHT | UP: "┴",
    UP | DOWN | LEFT | RIGHT: "┼",
}
_DOTTED: Final = {UP | DOWN: "┆", LEFT | RIGHT: "┄", UP: "┆", DOWN: "┆", LEFT: "┄", RIGHT: "┄"}


class Sheet:
    """
    >>> sheet = Sheet()
    >>> sheet.line(0, 1, 4, 1)
    >>> sheet.line(2, 0, 2, 1)
    >>> sheet.rows()
    ['  │', '──┴──']
    """

    def __init__(self) -> None:
        self._lines: dict[tuple[int, int], int] = {}
        self._dotted: set[tuple[int, int]] = set()
        self._letters: dict[tuple[int, int], str] = {}

    def line(self, x: int, y: int, to_x: int, to_y: int, dotted: bool = False) -> None:
        """Across or down, with both ends."""
        if x == to_x:
            top, bottom = sorted((y, to_y))
            for at in range(top, bottom + 1):
                self._add(x, at, (UP if at > top else 0) | (DOWN if at < bottom else 0), dotted)
        else:
            left, right = sorted((x, to_x))
            for at in range(left, right + 1):
                self._add(at, y, (LEFT if at > left else 0) | (RIGHT if at < right else 0), dotted)

    def write(self, x: int, y: int, text: str) -> None:
        """On top of whatever is there."""
        for character in text:
            width = cell_len(character)
            if not width:
                self._letters[x - 1, y] = self._letters.get((x - 1, y), "") + character
                continue
            self._letters[x, y] = character
            for beside in range(1, width):
                self._letters[x + beside, y] = ""
            x += width

    def is_free_at(self, x: int, y: int) -> bool:
        """Whether nothing is written there; lines are no writing."""
        return (x, y) not in self._letters

    def rows(self) -> list[str]:
        places = [*self._lines, *self._letters]
        height = max((y for _, y in places), default=-1) + 1
        width = max((x for x, _ in places), default=-1) + 1
        return ["".join(self._at(x, y) for x in range(width)).rstrip() for y in range(height)]

    def _at(self, x: int, y: int) -> str:
        if (letter := self._letters.get((x, y))) is not None:
            return letter
        bits = self._lines.get((x, y), 0)
        if (x, y) in self._dotted and bits in _DOTTED:
            return _DOTTED[bits]
        return _LINES.get(bits, " ")

    def _add(self, x: int, y: int, bits: int, dotted: bool) -> None:
        self._lines[x, y] = self._lines.get((x, y), 0) | bits
        if dotted:
            self._dotted.add((x, y))
