"""Vim's text objects: what `iw`, `a"`, `i(`, `ap` and their like take, seen from the caret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from notebook_tui.ui.editing.keymaps.motions import Kind
from notebook_tui.ui.editing.keymaps.places import around, kind, line_end, line_start, row_of, row_start

Span = tuple[int, int, Kind]
_BRACKETS: Final = {"(": "(", ")": "(", "b": "(", "[": "[", "]": "[", "{": "{", "}": "{", "B": "{"}
_QUOTES: Final = "\"'`"
NAMES: Final = frozenset((*_BRACKETS, *_QUOTES, "w", "W", "p", "s"))


def object_at(text: str, at: int, name: str, *, whole: bool, count: int = 1) -> Span | None:
    """From where to where, the end not included; None where there is none. `whole` is Vim's `a` rather than `i`.

    >>> object_at("one two", 1, "w", whole=False), object_at("one two", 1, "w", whole=True)
    ((0, 3, 'exclusive'), (0, 4, 'exclusive'))
    >>> object_at("f('a b')", 4, "'", whole=False), object_at("f(x)", 2, ")", whole=True)
    ((3, 6, 'exclusive'), (1, 4, 'exclusive'))
    """
    if name in "wW":
        return _word(text, at, big=name == "W", whole=whole, count=count)
    if name == "p":
        return _paragraph(text, at, whole=whole)
    if name == "s":
        return _sentence(text, at, whole=whole)
    if name in _QUOTES:
        return _quoted(text, at, name, whole=whole)
    found = around(text, at, _BRACKETS[name])
    for _ in range(count - 1):
        if found is not None:
            found = around(text, found[0] - 1, _BRACKETS[name]) if found[0] else None
    if found is None:
        return None
    opener, closer = found
    return (opener, closer + 1, "exclusive") if whole else (opener + 1, closer, "exclusive")


def _word(text: str, at: int, *, big: bool, whole: bool, count: int) -> Span | None:
    first, last = line_start(text, at), line_end(text, at)
    if first == last:
        return None if whole else (first, first, "exclusive")
    at = min(at, last - 1)

    def run_end(place: int) -> int:
        here = kind(text[place], big=big)
        while place < last and kind(text[place], big=big) == here:
            place += 1
        return place

    start = at
    while start > first and kind(text[start - 1], big=big) == kind(text[at], big=big):
        start -= 1
    end = at
    for _ in range(count * (2 if whole else 1)):
        if end < last:
            end = run_end(end)
    if whole and kind(text[at], big=big) and (end == last and not text[end - 1].isspace()):
        # Nothing blank follows: take what stands before.
        while start > first and text[start - 1].isspace():
            start -= 1
    return start, end, "exclusive"


def _quoted(text: str, at: int, quote: str, *, whole: bool) -> Span | None:
    first, last = line_start(text, at), line_end(text, at)
    quotes = [place for place in range(first, last) if text[place] == quote and not _is_escaped(text, place)]
    pairs = list(zip(quotes[::2], quotes[1::2], strict=False))
    found = next(((opener, closer) for opener, closer in pairs if at <= closer), None)
    if found is None:
        return None
    opener, closer = found
    if not whole:
        return opener + 1, closer, "exclusive"
    end = closer + 1
    while end < last and text[end].isspace():
        end += 1
    return opener, end, "exclusive"


def _is_escaped(text: str, at: int) -> bool:
    slashes = 0
    while at - slashes > 0 and text[at - slashes - 1] == "\\":
        slashes += 1
    return slashes % 2 == 1


def _paragraph(text: str, at: int, *, whole: bool) -> Span:
    lines = text.split("\n")
    row = row_of(text, at)

    def grown(row: int, step: int, same: Callable[[str], bool]) -> int:
        while 0 <= row + step < len(lines) and same(lines[row + step]):
            row += step
        return row

    blank = not lines[row].strip()

    def alike(line: str) -> bool:
        return (not line.strip()) == blank

    first, last = grown(row, -1, alike), grown(row, 1, alike)
    if whole and last + 1 < len(lines):
        last = grown(last + 1, 1, lambda line: (not line.strip()) != blank)
    start = row_start(text, first)
    return start, line_end(text, row_start(text, last)), "lines"


def _sentence(text: str, at: int, *, whole: bool) -> Span:
    from notebook_tui.ui.editing.keymaps.places import sentence_back, sentence_forward

    end = sentence_forward(text, at)
    start = sentence_back(text, end)
    if not whole:
        end = start + len(text[start:end].rstrip())
    return start, end, "exclusive"
