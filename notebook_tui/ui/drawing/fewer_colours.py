"""Colours that a terminal has not got give way to those that it has, in all that is drawn for it.

A style of Rich keeps the codes with which it was drawn first, whatever the terminal: where terminals of several kinds
share a program, each kind needs styles of its own.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter


class FewerColours(LineFilter):
    def __init__(self, system: ColorSystem) -> None:
        super().__init__()
        self._system = system

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, style if style is None else in_colours_of(style, self._system), control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=16_384)
def in_colours_of(style: Style, system: ColorSystem) -> Style:
    """
    >>> style = in_colours_of(Style.parse("bold #ff0000"), ColorSystem.EIGHT_BIT)
    >>> style.bold, style.color.number
    (True, 196)
    """
    return style + Style.from_color(_of(style.color, system), _of(style.bgcolor, system))


def _of(colour: RichColor | None, system: ColorSystem) -> RichColor | None:
    return None if colour is None else colour.downgrade(system)
