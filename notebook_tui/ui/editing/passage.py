"""A text and what is selected of it: what every command of the editor takes and gives.

Places are counted in characters from the beginning. All commands on text are functions from one passage to the next
one, or to None where they do not apply, so any map of keys can use them, and none needs a terminal to be tested.
"""

from __future__ import annotations

from collections.abc import Callable

from beamlike.kernel.record import frozen


@frozen
class Passage:
    text: str
    anchor: int
    """Where the selection was begun."""
    caret: int
    """Where it ends, and what is typed goes; at the anchor if nothing is selected."""

    @classmethod
    def at(cls, text: str, caret: int) -> Passage:
        """With nothing selected."""
        return cls(text, caret, caret)

    @property
    def start(self) -> int:
        return min(self.anchor, self.caret)

    @property
    def end(self) -> int:
        return max(self.anchor, self.caret)

    @property
    def selected(self) -> str:
        return self.text[self.start : self.end]

    @property
    def line_start(self) -> int:
        """Where the line of the caret begins."""
        return line_start(self.text, self.caret)

    @property
    def line_end(self) -> int:
        return line_end(self.text, self.caret)

    @property
    def before(self) -> str:
        """The line of the caret up to the caret."""
        return self.text[self.line_start : self.caret]

    @property
    def after(self) -> str:
        """The line of the caret from the caret on."""
        return self.text[self.caret : self.line_end]

    def put(self, text: str) -> Passage:
        """The text in the place of what is selected, the caret behind it.

        >>> Passage("one two", 0, 3).put("1")
        Passage(text='1 two', anchor=1, caret=1)
        """
        return Passage.at(self.text[: self.start] + text + self.text[self.end :], self.start + len(text))

    def select(self, anchor: int, caret: int) -> Passage:
        return Passage(self.text, anchor, caret)

    def to(self, caret: int) -> Passage:
        """The caret there, and nothing selected."""
        return Passage.at(self.text, caret)


def line_start(text: str, place: int) -> int:
    """
    >>> line_start("one\\ntwo", 5), line_end("one\\ntwo", 1)
    (4, 3)
    """
    return text.rfind("\n", 0, place) + 1


def line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


@frozen
class Replaced:
    """What must be put where to make one text of another."""

    start: int
    end: int
    text: str


def replaced_between(before: str, after: str) -> Replaced:
    """The smallest piece of the text that has become another; quick for large texts, for it compares no single
    characters.

    >>> replaced_between("a cat sat", "a dog sat")
    Replaced(start=2, end=5, text='dog')
    """
    shorter = min(len(before), len(after))
    same = _longest(shorter, lambda length: before[:length] == after[:length])
    tail = _longest(shorter - same, lambda length: before[len(before) - length :] == after[len(after) - length :])
    return Replaced(same, len(before) - tail, after[same : len(after) - tail])


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """The largest number for which it holds, if it holds for all smaller ones."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
