"""Vim's motions: from a place to another, and what an operator takes on the way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.ui.editing.keymaps import places
from notebook_tui.ui.editing.keymaps.places import line_end, line_start, row_of, row_start, rows, times

Kind: TypeAlias = Literal["exclusive", "inclusive", "lines"]
_HALF_PAGE: Final = 12


@frozen
class Moved:
    at: int
    kind: Kind = "exclusive"


def column_of(text: str, at: int) -> int:
    return at - line_start(text, at)


def at_column(text: str, row: int, column: int) -> int:
    """The place in that row, as far to the right as the column and the row go."""
    start = row_start(text, max(0, min(row, rows(text) - 1)))
    return min(start + column, places.last_letter(text, start))


def find_character(text: str, at: int, count: int, how: str, wanted: str) -> int | None:
    """Where `f`, `t`, `F` or `T` goes in the line; None if the character is not there.

    >>> find_character("a,b,c", 0, 2, "f", ","), find_character("a,b,c", 0, 1, "t", "c")
    (3, 3)
    """
    start, end = line_start(text, at), line_end(text, at)
    step = 1 if how in "ft" else -1
    place = at
    for _ in range(count):
        place += step
        while start <= place < end and text[place] != wanted:
            place += step
    if not start <= place < end:
        return None
    return place if how in "fF" else place - step


def _words(step: Callable[..., int], *, big: bool, kind: Kind = "exclusive") -> Callable[[str, int, int], Moved]:
    def move(text: str, at: int, count: int) -> Moved:
        return Moved(times(partial(step, big=big), text, at, count), kind)

    return move


def _left(text: str, at: int, count: int) -> Moved:
    return Moved(max(line_start(text, at), at - count))


def _right(text: str, at: int, count: int) -> Moved:
    return Moved(min(line_end(text, at), at + count))


def _line_end(text: str, at: int, count: int) -> Moved:
    row = min(row_of(text, at) + count - 1, rows(text) - 1)
    return Moved(line_end(text, row_start(text, row)))


def _lines(by: int) -> Callable[[str, int, int], Moved]:
    """Rows down, or up."""

    def move(text: str, at: int, count: int) -> Moved:
        return Moved(at_column(text, row_of(text, at) + by * count, column_of(text, at)), "lines")

    return move


def _simple(step: Callable[[str, int], int]) -> Callable[[str, int, int], Moved]:
    def move(text: str, at: int, count: int) -> Moved:
        return Moved(times(step, text, at, count))

    return move


def _row(which: Callable[[str, int], int]) -> Callable[[str, int, int], Moved]:
    def move(text: str, at: int, count: int) -> Moved:
        row = max(0, min(which(text, count), rows(text) - 1))
        return Moved(places.first_letter(text, row_start(text, row)), "lines")

    return move


def _bracket(text: str, at: int, count: int) -> Moved | None:
    partner = places.bracket(text, at)
    return None if partner is None else Moved(partner, "inclusive")


MOTIONS: Final[dict[str, Callable[[str, int, int], Moved | None]]] = {
    "h": _left,
    "left": _left,
    "backspace": _left,
    "l": _right,
    "right": _right,
    " ": _right,
    "space": _right,
    "j": _lines(1),
    "down": _lines(1),
    "enter": lambda text, at, count: Moved(
        places.first_letter(text, at_column(text, row_of(text, at) + count, 0)), "lines"
    ),
    "k": _lines(-1),
    "up": _lines(-1),
    "+": lambda text, at, count: Moved(
        places.first_letter(text, at_column(text, row_of(text, at) + count, 0)), "lines"
    ),
    "-": lambda text, at, count: Moved(
        places.first_letter(text, at_column(text, row_of(text, at) - count, 0)), "lines"
    ),
    "ctrl+d": _lines(_HALF_PAGE),
    "ctrl+u": _lines(-_HALF_PAGE),
    "pagedown": _lines(2 * _HALF_PAGE),
    "pageup": _lines(-2 * _HALF_PAGE),
    "w": _words(places.next_word, big=False),
    "W": _words(places.next_word, big=True),
    "e": _words(places.word_end, big=False, kind="inclusive"),
    "E": _words(places.word_end, big=True, kind="inclusive"),
    "b": _words(places.word_back, big=False),
    "B": _words(places.word_back, big=True),
    "ge": _words(places.word_end_back, big=False, kind="inclusive"),
    "gE": _words(places.word_end_back, big=True, kind="inclusive"),
    "0": lambda text, at, count: Moved(line_start(text, at)),
    "home": lambda text, at, count: Moved(line_start(text, at)),
    "^": lambda text, at, count: Moved(places.first_letter(text, at)),
    "_": lambda text, at, count: Moved(
        places.first_letter(text, at_column(text, row_of(text, at) + count - 1, 0)), "lines"
    ),
    "$": _line_end,
    "end": _line_end,
    "gg": _row(lambda text, count: count - 1),
    "H": _row(lambda text, count: count - 1),
    "M": _row(lambda text, count: (rows(text) - 1) // 2),
    "L": _row(lambda text, count: rows(text) - count),
    "%": _bracket,
    "{": _simple(places.paragraph_back),
    "}": _simple(places.paragraph_forward),
    "(": _simple(places.sentence_back),
    ")": _simple(places.sentence_forward),
}
"""By their keys. `G`, marks, searches and those that look for a character are known to `vim` itself: they need more."""

VERTICAL: Final = frozenset(("j", "k", "up", "down", "ctrl+d", "ctrl+u", "pageup", "pagedown"))
"""After these the column that the caret came from is kept, where a row is too short for it."""
