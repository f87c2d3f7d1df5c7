"""Formulas as texts: a displayed one in as many rows as it takes, one that is too wide in a row that is folded."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import wrap_words
from notebook_tui.ui.math.reading import math_rows

_INDENT = 2


def formula_texts(source: str, width: int, palette: Palette) -> list[Text]:
    """
    >>> [text.plain for text in formula_texts("a^2", 20, Palette())]
    ['  a²']
    """
    rows = math_rows(printable(source))
    if max(map(cell_len, rows)) + _INDENT <= width:
        return [Text(" " * _INDENT + row, palette.math, end="") for row in rows]
    (row, *_) = math_rows(printable(source), tall=False)
    return list(wrap_words(Text(row, palette.math), width))


def formula_text(source: str, palette: Palette) -> Text:
    """A formula among words.

    >>> formula_text("x_1", Palette()).plain
    'x₁'
    """
    return Text(" ".join(math_rows(printable(source), tall=False)), palette.math)


def undollared(source: str) -> str:
    """A form of LaTeX without the signs that begin and end mathematics.

    >>> undollared("$\\\\displaystyle x$"), undollared("$$x$$")
    ('\\\\displaystyle x', 'x')
    """
    stripped = source.strip()
    for begin, end in (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)")):
        if stripped.startswith(begin) and stripped.endswith(end) and len(stripped) >= len(begin) + len(end):
            return stripped[len(begin) : -len(end)]
    return stripped
