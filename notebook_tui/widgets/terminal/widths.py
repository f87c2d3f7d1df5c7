"""How many columns characters take in a terminal: two where they are wide, none where they stand on the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from unicodedata import category, combining, east_asian_width

MARKS: Final = 8
"""So many marks may stand on a character; a terminal would draw no more either."""
# Latin, Greek, Cyrillic, punctuation, arrows, box drawing and blocks: what most text and every progress bar is made of.
_NARROW: Final = re.compile(
    r"[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25fc]*"
)
_ZERO_WIDTH: Final = frozenset(("Mn", "Me", "Cf"))


def is_narrow(text: str) -> bool:
    """Whether each character takes one column, for certain."""
    return text.isascii() or _NARROW.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def columns_of(character: str) -> int:
    """
    >>> columns_of("a"), columns_of("漢"), columns_of("\\u0301")
    (1, 2, 0)
    """
    if combining(character) or category(character) in _ZERO_WIDTH:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def cells_of(text: str) -> Iterator[str]:
    """A text for each column that it takes: marks stand with their character, and after a wide one comes "".

    >>> list(cells_of("a漢e\\u0301"))
    ['a', '漢', '', 'e\\u0301']
    """
    cell, columns = "", 1
    for character in text:
        width = columns_of(character)
        if width == 0:
            if cell and len(cell) <= MARKS:
                cell += character
            continue
        if cell:
            yield cell
            if columns == 2:
                yield ""
        cell, columns = character, width
    if cell:
        yield cell
        if columns == 2:
            yield ""
