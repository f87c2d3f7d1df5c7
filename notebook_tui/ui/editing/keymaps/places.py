"""Places in a text, by their offsets: lines, words, brackets. What both maps stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_OPENERS: Final = {closer: opener for opener, closer in _PAIRS.items()}


def line_start(text: str, at: int) -> int:
    """
    >>> line_start("ab\\ncd", 4)
    3
    """
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Where the line's text ends, before its line feed.

    >>> line_end("ab\\ncd", 1)
    2
    """
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def row_of(text: str, at: int) -> int:
    return text.count("\n", 0, at)


def row_start(text: str, row: int) -> int:
    """Where the row begins, counted from 0; the last for a row that there is not."""
    start = 0
    for _ in range(row):
        end = text.find("\n", start)
        if end < 0:
            return start
        start = end + 1
    return start


def rows(text: str) -> int:
    return text.count("\n") + 1


def first_letter(text: str, at: int) -> int:
    """The first character of the line that is no blank; the last of a line of blanks.

    >>> first_letter("x\\n  y", 2), first_letter("   ", 0)
    (4, 2)
    """
    start, end = line_start(text, at), line_end(text, at)
    line = text[start:end]
    stripped = line.lstrip()
    return end - len(stripped) if stripped else max(start, end - 1)


def last_letter(text: str, at: int) -> int:
    """The last place that a caret *on* characters can have in the line."""
    return max(line_start(text, at), line_end(text, at) - 1)


def kind(character: str, *, big: bool = False) -> str:
    """What sort of word the character is of: `` for blanks.

    >>> kind("a"), kind("+"), kind(" "), kind("+", big=True)
    ('w', 'p', '', 'w')
    """
    if character.isspace():
        return ""
    return "w" if big or character.isalnum() or character == "_" else "p"


def _is_empty_line(text: str, at: int) -> bool:
    return text[at : at + 1] == "\n" and (at == 0 or text[at - 1] == "\n")


def next_word(text: str, at: int, *, big: bool = False) -> int:
    """Where the next word begins; an empty line is one.

    >>> next_word("a.b c", 0), next_word("a.b c", 0, big=True)
    (1, 4)
    """
    here = kind(text[at], big=big) if at < len(text) else ""
    while here and at < len(text) and kind(text[at], big=big) == here:
        at += 1
    moved = bool(here)
    while at < len(text) and not kind(text[at], big=big):
        if moved and _is_empty_line(text, at):
            return at
        moved = True
        at += 1
    return at


def word_end(text: str, at: int, *, big: bool = False) -> int:
    """The last character of this word, or of the next if it is there already.

    >>> word_end("ab cd", 0), word_end("ab cd", 1)
    (1, 4)
    """
    at += 1
    while at < len(text) and not kind(text[at], big=big):
        at += 1
    if at >= len(text):
        return max(0, len(text) - 1)
    here = kind(text[at], big=big)
    while at + 1 < len(text) and kind(text[at + 1], big=big) == here:
        at += 1
    return at


def word_back(text: str, at: int, *, big: bool = False) -> int:
    """Where this word begins, or the one before if it is there already.

    >>> word_back("ab cd", 4), word_back("ab cd", 3)
    (3, 0)
    """
    at -= 1
    while at > 0 and not kind(text[at], big=big):
        if _is_empty_line(text, at):
            return at
        at -= 1
    if at <= 0:
        return 0
    here = kind(text[at], big=big)
    while at > 0 and kind(text[at - 1], big=big) == here:
        at -= 1
    return at


def word_end_back(text: str, at: int, *, big: bool = False) -> int:
    """The last character of the word before.

    >>> word_end_back("ab cd", 4)
    1
    """
    here = kind(text[at], big=big) if at < len(text) else ""
    while here and at >= 0 and kind(text[at], big=big) == here:
        at -= 1
    if not here:
        at -= 1
    while at > 0 and not kind(text[at], big=big):
        if _is_empty_line(text, at):
            return at
        at -= 1
    return max(0, at)


def bracket(text: str, at: int) -> int | None:
    """The partner of the first bracket in the line from here on.

    >>> bracket("f(a[0])", 0), bracket("f(a[0])", 6), bracket("f", 0)
    (6, 1, None)
    """
    for place in range(at, line_end(text, at)):
        character = text[place]
        if character in _PAIRS:
            return _partner(text, place, 1, character, _PAIRS[character])
        if character in _OPENERS:
            return _partner(text, place, -1, character, _OPENERS[character])
    return None


def _partner(text: str, at: int, step: int, opener: str, closer: str) -> int | None:
    depth = 0
    while 0 <= at < len(text):
        depth += (text[at] == opener) - (text[at] == closer)
        if depth == 0:
            return at
        at += step
    return None


def around(text: str, at: int, opener: str) -> tuple[int, int] | None:
    """The brackets of that kind around the place; on a bracket, that one and its partner.

    >>> around("f(a, (b))", 3, "("), around("f(a, (b))", 6, "("), around("f", 0, "(")
    ((1, 8), (5, 7), None)
    """
    closer = _PAIRS[opener]
    start: int | None = at
    if text[at : at + 1] == closer:
        start = _partner(text, at, -1, closer, opener)
    elif text[at : at + 1] != opener:
        depth, start = 0, None
        for place in range(min(at, len(text)) - 1, -1, -1):
            depth += (text[place] == closer) - (text[place] == opener)
            if depth < 0:
                start = place
                break
    if start is None:
        return None
    end = _partner(text, start, 1, opener, closer)
    return None if end is None else (start, end)


def paragraph_forward(text: str, at: int) -> int:
    """The empty line after this paragraph, or the end."""
    return _paragraph(text, at, 1, rows(text))


def paragraph_back(text: str, at: int) -> int:
    """The empty line before this paragraph, or the beginning."""
    return _paragraph(text, at, -1, -1)


def _paragraph(text: str, at: int, step: int, stop: int) -> int:
    lines = text.split("\n")
    row = row_of(text, at)
    while row != stop and not lines[row]:
        row += step
    while row != stop and lines[row]:
        row += step
    if row >= len(lines):
        return len(text)
    return row_start(text, max(0, row))


def sentence_forward(text: str, at: int) -> int:
    """Where the next sentence begins, or the end."""
    while at < len(text):
        if text[at] in ".!?" and text[at + 1 : at + 2].isspace():
            return next_word(text, at + 1) if at + 1 < len(text) else len(text)
        if text[at : at + 2] == "\n\n":
            return at + 2
        at += 1
    return len(text)


def sentence_back(text: str, at: int) -> int:
    """Where this sentence begins, or the one before if it is there already."""
    starts, place = [0], 0
    while place < at:
        place = sentence_forward(text, place)
        starts.append(place)
    return max((start for start in starts if start < at), default=0)


def times(step: Callable[[str, int], int], text: str, at: int, count: int) -> int:
    """The step taken so often, or until it goes no further."""
    for _ in range(count):
        after = step(text, at)
        if after == at:
            break
        at = after
    return at
