"""For terminals and fonts that know no boxes and signs: each of ours becomes a character of ASCII that is as wide.

Done where all output passes, so no part of the program needs to know. Letters of all languages stay what they are.
"""

from __future__ import annotations

from typing import Final

from textual.driver import Driver

_ALIKE: Final = {
    "|": "│┃┊┆║▌▐▏▎▊▍▋▉█┋╎",
    "-": "─━═▁▂▔╌┄┈—–",
    "+": "┌┐└┘├┤┬┴┼╭╮╯╔╗╚╝╠╣╦╩╬┏┓┗┛╞╡╪◆",
    "`": "╰",
    "o": "○◌",
    "*": "●⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏■•",
    "v": "✓▾▼↓",
    "x": "✗×",
    "^": "▴▲↑",
    ">": "▸▶→›",
    "<": "◂◀←‹",
    ".": "·…",
    "#": "▓▒░▄▀▅▆▇▃",
    '"': "“”„",
    "'": "‘’",
}
_TABLE: Final = str.maketrans({odd: plain for plain, odds in _ALIKE.items() for odd in odds})


def in_ascii(text: str) -> str:
    """
    >>> in_ascii("▌ 1 │ é ✓")
    '| 1 | é v'
    """
    return text.translate(_TABLE)


def draw_in_ascii(driver: Driver) -> None:
    """From now on all that goes to the terminal."""
    write = driver.write
    driver.write = lambda data: write(in_ascii(data))  # type: ignore[method-assign]
