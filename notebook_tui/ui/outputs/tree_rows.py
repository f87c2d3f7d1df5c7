"""A tree, each branch in a row with a guide for each level; branches that can be opened or closed are places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.rows import fold
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.moved_rows import text_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Act, Spot
from notebook_tui.widgets.messages import Toggle
from notebook_tui.widgets.views import Branch, Tree

_MARKS: Final = {"leaf": "·", "open": "▾", "closed": "▸"}
_GUIDE: Final = "│ "
_LEAST_LABEL: Final = 12


def tree_rows(tree: Tree, width: int, palette: Palette) -> list[OutputRow]:
    return [row for branch in tree.branches for row in _branch(tree.ref, branch, width, palette)]


def _branch(ref: str, branch: Branch, width: int, palette: Palette) -> Iterator[OutputRow]:
    depth = min(branch.depth, max(0, (width - _LEAST_LABEL) // len(_GUIDE)))
    guides = inked(_GUIDE * depth, palette.faint)
    left = guides.cell_len + 2
    sign = inked(f"{_MARKS[branch.state]} ", palette.muted if branch.state == "leaf" else palette.focus)
    for piece in fold(Text(printable_row(branch.label), end=""), max(_LEAST_LABEL, width - left)):
        row = guides.copy().append_text(sign).append_text(piece)
        touch = Act(ref, Toggle(branch.path))
        spots = [] if branch.state == "leaf" else [Spot(guides.cell_len, row.cell_len, touch)]
        yield text_row(row, spots)
        sign = Text("  ", end="")
