"""A piece of a row in one ink, to which pieces in other inks can be put."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text


def inked(text: str, style: Style) -> Text:
    """Unlike `Text(text, style)` it keeps its ink for itself when another text follows it.

    >>> inked("a", Style(bold=True)).append("b").spans
    [Span(0, 1, Style(bold=True))]
    """
    piece = Text(end="")
    return piece.append(text, style)
