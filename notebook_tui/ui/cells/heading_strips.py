"""The rows between cells: the title, the headings of sections, and what an empty notebook says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text
from textual.strip import Strip

from notebook_tui.ui.cells.items import HintItem, SectionItem, TitleItem
from notebook_tui.ui.drawing.frame import LEFT, MARGIN
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of, wrap_words

_HINTS: Final = (("n", "write code"), ("m", "write Markdown"), ("?", "all keys"))


def title_rows(item: TitleItem, width: int, palette: Palette) -> Iterator[Strip]:
    title = Text(item.title, palette.title)
    return (strip_of(row) for row in wrap_words(title, width - LEFT - MARGIN))


def section_rows(item: SectionItem, width: int, palette: Palette) -> Iterator[Strip]:
    """The name, a rule up to the margin, and how many of its cells stand as they ran."""
    tally = f" {item.done}/{item.cells}" if item.cells else ""
    branch = f" from {item.parent}" if item.parent else ""
    name = Text.assemble((item.name, palette.heading), (branch, palette.muted), " ", end="")
    name.truncate(max(4, width - LEFT - len(tally) - 4), overflow="ellipsis")
    rule = "─" * max(2, width - LEFT - MARGIN - name.cell_len - len(tally))
    yield strip_of(Text.assemble(name, (rule, palette.faint), (tally, palette.muted), end=""))


def hint_rows(item: HintItem, palette: Palette) -> Iterator[Strip]:
    what = "This notebook is empty." if item.empty else "This notebook has a setup and no cells yet."
    yield strip_of(Text(f"     {what}", palette.muted, end=""))
    yield Strip([])
    for key, meaning in _HINTS:
        yield strip_of(Text.assemble((f"     {key}", palette.strong), (f"   {meaning}", palette.muted), end=""))
