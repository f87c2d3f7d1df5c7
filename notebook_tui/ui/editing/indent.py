"""White space at the beginning of lines: indented and dedented by hand. Lines in, lines out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from notebook_tui.ui.editing.passage import Passage

INDENT: Final = "    "


def white(line: str) -> str:
    """The white space that a line begins with."""
    return line[: len(line) - len(line.lstrip())]


def indented(lines: Iterable[str]) -> list[str]:
    return [INDENT + line if line.strip() else line for line in lines]


def dedented(lines: Iterable[str]) -> list[str]:
    """One level less, as far as there is one.

    >>> dedented(["      a", "  b", "c"])
    ['  a', 'b', 'c']
    """
    return [line[len(white(line[: len(INDENT)])) :] for line in lines]


def tabbed(passage: Passage) -> Passage:
    """White space up to the next stop.

    >>> tabbed(Passage.at("ab", 2)).text
    'ab  '
    """
    column = len(passage.before.expandtabs(len(INDENT)))
    return passage.put(" " * (len(INDENT) - column % len(INDENT)))


def outdented(passage: Passage) -> Passage | None:
    """What Backspace does in the white space that a line begins with: back to the stop before.

    >>> outdented(Passage.at("      x", 6))
    Passage(text='    x', anchor=4, caret=4)
    """
    before = passage.before
    if passage.selected or not before or before.strip(" "):
        return None
    return passage.select(passage.caret - ((len(before) - 1) % len(INDENT) + 1), passage.caret).put("")
