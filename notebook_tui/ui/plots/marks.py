"""What tells one series from another: a character, and an ink. The character alone must do."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from rich.style import Style

from notebook_tui.ui.drawing.palette import Palette

_SHAPES: Final = "●■▲◆○□△◇×+▼★"
_GLYPHS: Final = _SHAPES + ascii_lowercase + ascii_uppercase + "0123456789"


def glyph_of(index: int) -> str:
    """
    >>> [glyph_of(index) for index in (0, 1, 12, 63)]
    ['●', '■', 'a', 'Z']
    """
    return _GLYPHS[index % len(_GLYPHS)]


def inks_of(count: int, palette: Palette) -> Sequence[Style]:
    """One for each of so many series; they come again when there are no more."""
    inks = palette.series or (Style(),)
    return [inks[index % len(inks)] for index in range(count)]
