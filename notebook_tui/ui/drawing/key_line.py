"""A line of keys and what they do, of which as many are told as fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette

_GAP: Final = "   "


def told_keys(hints: Iterable[tuple[str, str]], width: int, palette: Palette) -> Text:
    """As many as fit, but the way out in any case."""
    kept = list(hints)
    while len(kept) > 1 and sum(cell_len(f"{keys} {meaning}{_GAP}") for keys, meaning in kept) - len(_GAP) > width - 1:
        del kept[-2 if kept[-1][0] == "Esc" else -1]
    told = [Text.assemble((keys, palette.strong), (f" {meaning}", palette.muted)) for keys, meaning in kept]
    return Text(" ", end="").append_text(fitted(told, width - 1))


def fitted(parts: Iterable[Text], width: int, between: str = _GAP) -> Text:
    """As many of the parts as fit, in order; the first, at least, shortened if it must be.

    >>> fitted([Text("one"), Text("two"), Text("three")], 12).plain
    'one   two'
    """
    line = Text(end="")
    for part in parts:
        gap = between if line else ""
        if line and line.cell_len + len(gap) + part.cell_len > width:
            break
        line.append(gap).append_text(part)
    line.truncate(max(1, width), overflow="ellipsis")
    return line
