"""Pictures as kitty keeps them: sent once under a number, then shown wherever cells of text name that number.

The cells are one character of private use, its ink the number, two marks above it its row and its column; so a picture
scrolls, is cut and is covered as text is, and survives tmux. Every cell says both, though it might leave out what the
cell before it says: cells are repainted one by one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

from rich.color import Color
from rich.style import Style
from rich.text import Text

_CELL: Final = "\U0010eeee"
_CHUNK: Final = 4_096
_MARKS: Final = (
    "305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1 5a8-5a9 "
    "5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733 735-736 73a 73d "
    "73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 953-954 f82-f83 f86-f87 "
    "135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc "
    "1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d "
    "a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f 10a38 1d185-1d189 "
    "1d1aa-1d1ad 1d242-1d244 "
)


def _numbers(ranges: str) -> Iterator[str]:
    for each in ranges.split():
        first, _, last = each.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


_NUMBERS: Final = tuple(_numbers(_MARKS))
MOST_CELLS: Final = len(_NUMBERS)
"""In a row, and in a column."""


def id_in_reach(number: int, colors: str | None) -> int:
    """A number that the ink of a cell can say: of 24 bits, or with 256 colours one of the last 240.

    >>> id_in_reach(5, "truecolor"), id_in_reach(5, "256")
    (5, 21)
    """
    return number % 0xFFFFFF or 1 if colors == "truecolor" else 16 + number % 240


def placeholder_rows(id: int, columns: int, rows: int, colors: str | None) -> tuple[Text, ...]:
    """
    >>> [row.cell_len for row in placeholder_rows(7, 3, 2, "truecolor")]
    [3, 3]
    """
    ink = Color.from_rgb(id >> 16, id >> 8 & 0xFF, id & 0xFF) if colors == "truecolor" else Color.from_ansi(id)
    return tuple(_row(row, columns, Style(color=ink)) for row in range(rows))


def _row(row: int, columns: int, ink: Style) -> Text:
    """A span to each cell: where something covers a part of the row, it is cut between spans, and marks stay with
    their cell."""
    text = Text(end="", no_wrap=True)
    for column in range(columns):
        text.append(_CELL + _NUMBERS[row] + _NUMBERS[column], ink)
    return text


def sending(id: int, png: bytes, columns: int, rows: int) -> Iterator[str]:
    """The sequences that give the picture to the terminal, to be shown in so many cells. No answer is wanted (q=2).

    >>> list(sending(7, b"cat", 3, 2))
    ['\\x1b_Ga=T,U=1,q=2,f=100,t=d,i=7,c=3,r=2,m=0;Y2F0\\x1b\\\\']
    """
    data = base64.standard_b64encode(png).decode("ascii")
    head = f"a=T,U=1,q=2,f=100,t=d,i={id},c={columns},r={rows},"
    for start in range(0, len(data), _CHUNK):
        more = int(start + _CHUNK < len(data))
        yield f"\x1b_G{head}m={more};{data[start : start + _CHUNK]}\x1b\\"
        head = "q=2,"


def forgetting(id: int) -> str:
    """The terminal may throw the picture away.

    >>> forgetting(7)
    '\\x1b_Ga=d,d=I,i=7,q=2\\x1b\\\\'
    """
    return f"\x1b_Ga=d,d=I,i={id},q=2\x1b\\"
