"""Text that may go to a terminal: without characters that would command it, or that it could not even be sent.

Length and columns stay: each such character is replaced by one visible one.
"""

from __future__ import annotations

from typing import Final

_REPLACEMENT: Final = 0xFFFD
_C0: Final = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
_C1: Final = (0x7F, *range(0x80, 0xA0))
UNSENDABLE: Final = dict.fromkeys((0x2028, 0x2029, *range(0xD800, 0xE000)), _REPLACEMENT)
"""Separators that some would break a line at, and halves of characters, which have no bytes."""
_VISIBLE: Final = _C0 | dict.fromkeys(_C1, _REPLACEMENT) | UNSENDABLE


def printable(text: str) -> str:
    """The text with a picture in the place of each control character; tabs and line feeds stay.

    >>> printable("a\\x1b[31m\\tb")
    'a␛[31m\\tb'
    """
    return text if text.isprintable() else text.translate(_VISIBLE)


def printable_row(text: str) -> str:
    """The text as part of one row of the screen: neither may a tab or a line feed move the terminal's cursor.

    >>> printable_row("a\\tb\\n")
    'a␉b␊'
    """
    return printable(text).replace("\t", "␉").replace("\n", "␊")
