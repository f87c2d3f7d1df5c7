"""A Markdown table to rows: aligned columns, shrunk and wrapped where the width does not suffice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final, Literal, TypeAlias

from markdown_it.tree import SyntaxTreeNode
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import wrap_words
from notebook_tui.ui.markdown.inline import inline_text

Align: TypeAlias = Literal["left", "center", "right"]
_GAP: Final = "  "
_NARROWEST: Final = 4


def table_rows(table: SyntaxTreeNode, width: int, palette: Palette) -> Iterator[Text]:
    """Header, rule, body; each logical row may take several rows of the screen."""
    head, *body = [_cells(row, palette) for part in table.children for row in part.children]
    for cell in head:
        cell.stylize_before(palette.strong)
    alignments = [_alignment(cell) for cell in table.children[0].children[0].children]
    widths = column_widths([head, *body], width - len(_GAP) * (len(head) - 1))
    yield from _laid_out(head, widths, alignments)
    yield Text(_GAP.join("─" * column for column in widths), palette.faint, end="")
    for row in body:
        yield from _laid_out(row, widths, alignments)


def column_widths(rows: Sequence[Sequence[Text]], available: int) -> list[int]:
    """Natural widths, the widest columns narrowed until all fit.

    >>> column_widths([[Text("a"), Text("long words here")]], 10)
    [1, 9]
    """
    widths = [max(1, *(cell.cell_len for cell in column)) for column in zip(*rows, strict=True)]
    while sum(widths) > available and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _cells(row: SyntaxTreeNode, palette: Palette) -> list[Text]:
    return [inline_text(cell.children[0], palette) if cell.children else Text() for cell in row.children]


def _alignment(cell: SyntaxTreeNode) -> Align:
    style = str(cell.attrs.get("style", ""))
    return "right" if style.endswith("right") else "center" if style.endswith("center") else "left"


def _laid_out(cells: Sequence[Text], widths: Sequence[int], alignments: Sequence[Align]) -> Iterator[Text]:
    columns = [list(wrap_words(cell, width)) for cell, width in zip(cells, widths, strict=True)]
    for pieces in zip_longest(*columns, fillvalue=Text()):
        padded = [piece.copy() for piece in pieces]
        for piece, width, alignment in zip(padded, widths, alignments, strict=True):
            piece.align(alignment, width)
        yield Text(_GAP, end="").join(padded)
