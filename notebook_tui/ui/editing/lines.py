"""Whole lines: moved, doubled, taken away, joined; the caret goes with the words that it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from notebook_tui.ui.editing.passage import Passage, line_end, line_start

_WORD: Final = re.compile(r"\w+")


def rewritten(passage: Passage, rewrite: Callable[[Sequence[str]], Sequence[str]]) -> Passage:
    """The lines of the selection as `rewrite` has them, one for each; caret and selection stay on their words.

    >>> rewritten(Passage("a\\nb", 0, 3), lambda lines: ["> " + line for line in lines])
    Passage(text='> a\\n> b', anchor=2, caret=7)
    """
    first, last = _span(passage)
    old = passage.text[first:last].split("\n")
    new = rewrite(old)
    text = passage.text[:first] + "\n".join(new) + passage.text[last:]

    def moved(place: int) -> int:
        row = passage.text.count("\n", first, place)
        column = place - line_start(passage.text, place)
        start = first + sum(len(line) + 1 for line in new[:row])
        return start + min(len(new[row]), max(0, column + len(new[row]) - len(old[row])))

    return Passage(text, moved(passage.anchor), moved(passage.caret))


def moved_down(passage: Passage) -> Passage | None:
    """The lines of the selection below the next line; None at the end.

    >>> moved_down(Passage.at("one\\ntwo", 1))
    Passage(text='two\\none', anchor=5, caret=5)
    """
    first, last = _span(passage)
    if last == len(passage.text):
        return None
    end = line_end(passage.text, last + 1)
    below = passage.text[last + 1 : end]
    text = passage.text[:first] + below + "\n" + passage.text[first:last] + passage.text[end:]
    by = len(below) + 1
    return Passage(text, passage.anchor + by, passage.caret + by)


def moved_up(passage: Passage) -> Passage | None:
    """
    >>> moved_up(Passage.at("one\\ntwo", 5))
    Passage(text='two\\none', anchor=1, caret=1)
    """
    first, last = _span(passage)
    if not first:
        return None
    start = line_start(passage.text, first - 1)
    above = passage.text[start : first - 1]
    text = passage.text[:start] + passage.text[first:last] + "\n" + above + passage.text[last:]
    by = len(above) + 1
    return Passage(text, passage.anchor - by, passage.caret - by)


def duplicated(passage: Passage) -> Passage:
    """The lines twice, the caret in the second.

    >>> duplicated(Passage.at("one", 1))
    Passage(text='one\\none', anchor=5, caret=5)
    """
    first, last = _span(passage)
    lines = passage.text[first:last]
    by = len(lines) + 1
    text = passage.text[:last] + "\n" + lines + passage.text[last:]
    return Passage(text, passage.anchor + by, passage.caret + by)


def without_lines(passage: Passage) -> Passage:
    """Without the lines of the selection; the caret in the same column of the line that comes into their place.

    >>> without_lines(Passage.at("one\\ntwo", 1))
    Passage(text='two', anchor=1, caret=1)
    """
    first, last = _span(passage)
    column = passage.caret - passage.line_start
    if last < len(passage.text):
        text = passage.text[:first] + passage.text[last + 1 :]
    else:
        text = passage.text[: max(0, first - 1)]
    start = line_start(text, min(first, len(text)))
    return Passage.at(text, min(start + column, line_end(text, start)))


def joined(passage: Passage) -> Passage | None:
    """The lines of the selection as one, or the caret's with the next; a blank in the place of the white space.

    >>> joined(Passage.at("f(\\n    x,", 0))
    Passage(text='f(x,', anchor=2, caret=2)
    """
    first, last = _span(passage)
    if "\n" not in passage.text[first:last]:
        last = line_end(passage.text, last + 1) if last < len(passage.text) else last
    lines = passage.text[first:last].split("\n")
    if len(lines) == 1:
        return None
    line = lines[0].rstrip()
    for each in lines[1:]:
        place = len(line)
        added = each.strip()
        tight = not line.strip() or not added or line[-1] in "([{" or added[0] in ")]},"
        line += added if tight else " " + added
    return Passage.at(passage.text[:first] + line + passage.text[last:], first + place)


def line_selected(passage: Passage) -> Passage:
    """The lines of the selection, with the break behind them; once more, the next one too.

    >>> line_selected(Passage.at("one\\ntwo", 1)).selected
    'one\\n'
    """
    first = line_start(passage.text, passage.start)
    last = min(line_end(passage.text, passage.end) + 1, len(passage.text))
    return passage.select(first, last)


def word_selected(passage: Passage) -> Passage | None:
    """The word around the caret; the same word again further on, once one is selected, is for the search to find.

    >>> word_selected(Passage.at("one two", 5)).selected
    'two'
    """
    offset = passage.line_start
    for match in _WORD.finditer(passage.text[offset : passage.line_end]):
        if match.start() + offset <= passage.caret <= match.end() + offset:
            return passage.select(match.start() + offset, match.end() + offset)
    return None


def smart_home(passage: Passage) -> int:
    """Where Home goes: to the first character of the line, and from there to its beginning.

    >>> smart_home(Passage.at("  x", 3)), smart_home(Passage.at("  x", 2))
    (2, 0)
    """
    line = passage.text[passage.line_start : passage.line_end]
    written = passage.line_start + len(line) - len(line.lstrip())
    return passage.line_start if passage.caret == written else written


def _span(passage: Passage) -> tuple[int, int]:
    """From the first line of the selection to the last: one in which the selection only begins is not of it."""
    end = passage.end
    if passage.selected.endswith("\n"):
        end -= 1
    return line_start(passage.text, passage.start), line_end(passage.text, end)
