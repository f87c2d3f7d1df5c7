"""What a reader takes for one character: letters with their marks, emoji that are joined. No caret stands within."""

from __future__ import annotations

from rich.cells import split_graphemes


def boundaries(line: str) -> list[int]:
    """Where in the line a caret may stand.

    >>> boundaries("ae\\u0301")
    [0, 1, 3]
    """
    spans, _ = split_graphemes(line)
    return [0, *(end for _, end, _ in spans)]


def before(line: str, column: int) -> int:
    """The place before this one.

    >>> before("e\\u0301", 2), before("ab", 1)
    (0, 0)
    """
    if line.isascii():
        return max(0, column - 1)
    return max((place for place in boundaries(line) if place < column), default=0)


def after(line: str, column: int) -> int:
    if line.isascii():
        return min(len(line), column + 1)
    return min((place for place in boundaries(line) if place > column), default=len(line))


def snapped(line: str, column: int) -> int:
    """The nearest place at or before this one.

    >>> snapped("e\\u0301", 1)
    0
    """
    if line.isascii():
        return column
    return max(place for place in boundaries(line) if place <= column)


def column_at(line: str, cell: int, tab: int) -> int:
    """The place whose character covers that cell of the line; its end beyond it.

    >>> column_at("漢e\u0301x", 2, 4), column_at("\tx", 3, 4), column_at("ab", 9, 4)
    (1, 0, 2)
    """
    spans, _ = split_graphemes(line)
    x = 0
    for start, end, width in spans:
        x += tab - x % tab if line[start:end] == "\t" else width
        if x > cell:
            return start
    return len(line)
