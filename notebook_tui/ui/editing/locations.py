"""Places of a text: as Textual tells them, by row and column, and by how many characters stand before."""

from __future__ import annotations

from textual.document._document import Location


def location_at(text: str, offset: int) -> Location:
    """
    >>> location_at("one\\ntwo", 5)
    (1, 1)
    """
    return text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1)


def offset_of(text: str, location: Location) -> int:
    """ValueError where the text has no such place.

    >>> offset_of("one\\ntwo", (1, 1))
    5
    """
    row, column = location
    start = 0
    for _ in range(row):
        start = text.index("\n", start) + 1
    if start + column > len(text):
        raise ValueError(f"there is no place {location} in that text")
    return start + column
