"""The colours of a text that is being typed: only what a key may have changed is coloured anew.

A lexer reads from the beginning, so it is begun again at a line where nothing is open, above what was changed, and
stopped at such a line below it. In Python such a line begins with a word in its first column, outside of strings. Texts
in other languages are coloured whole: they are short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pygments.token import Token
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.syntax import MAX_LINES, code_lines, lexer, plain_line, style_of


@dataclass(slots=True)
class _Line:
    source: str
    text: Text
    fresh: bool
    """Whether a lexer may begin here."""


class Colouring:
    """
    >>> colouring = Colouring("python", Palette())
    >>> [line.plain for line in colouring.lines(["def f():", "    return 1"])]
    ['def f():', '    return 1']
    """

    def __init__(self, language: str, palette: Palette) -> None:
        self._language = language
        self._palette = palette
        self._lines: list[_Line] = []

    def lines(self, sources: Sequence[str]) -> list[Text]:
        """The lines in their colours; those that are as they were last time are the same texts."""
        if self._language != "python" and len(sources) <= MAX_LINES:
            return code_lines("\n".join(sources), self._language, self._palette)
        old = self._lines
        same = _common(old, sources)
        if same == len(old) == len(sources):
            return [line.text for line in old]
        tail = _common(old[same:][::-1], sources[same:][::-1])
        if len(sources) > MAX_LINES:
            changed = sources[same : len(sources) - tail]
            plain = [_Line(source, plain_line(printable(source)), False) for source in changed]
            self._lines = old[:same] + plain + old[len(old) - tail :]
        else:
            last = min(same, len(old) - 1, len(sources) - 1)
            first = next((index for index in range(last, -1, -1) if old[index].fresh), 0)
            self._lines = old[:first] + self._lexed(sources, first, len(sources) - tail)
            if len(self._lines) < len(sources):
                self._lines += old[len(self._lines) - len(sources) :]
        return [line.text for line in self._lines]

    def _lexed(self, sources: Sequence[str], first: int, changed_to: int) -> list[_Line]:
        """Lines from `first` on: up to one below the change at which it was begun last time too, and could be now."""
        old, shift = self._lines, len(self._lines) - len(sources)
        found = [_Line(sources[first], plain_line(""), True)]
        for kind, value in lexer(self._language).get_tokens(printable("\n".join(sources[first:]))):
            style = style_of(kind, self._palette)
            head, *rest = value.split("\n")
            found[-1].text.append(head, style)
            for part in rest:
                row = first + len(found)
                fresh = kind not in Token.Literal.String and _begins_statement(sources[row])
                if fresh and row >= changed_to and old[row + shift].fresh:
                    return found
                found.append(_Line(sources[row], plain_line(""), fresh))
                found[-1].text.append(part, style)
        return found


_WORD: Final = ("_", "@", "#")


def _begins_statement(source: str) -> bool:
    return source[:1].isalpha() or source[:1] in _WORD if source else False


def _common(old: Sequence[_Line], new: Sequence[str]) -> int:
    """How many lines both begin with."""
    count = 0
    for line, source in zip(old, new, strict=False):
        if line.source != source:
            break
        count += 1
    return count
