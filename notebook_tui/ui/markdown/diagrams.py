"""Diagrams in Mermaid as texts, where they are of a kind that is drawn here and find room."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from rich.cells import cell_len
from rich.text import Text

from notebook_tui.ui.diagrams.boxes import flowchart_rows, has_rings
from notebook_tui.ui.diagrams.flowchart import flowchart
from notebook_tui.ui.diagrams.sequence import sequence_rows
from notebook_tui.ui.drawing.palette import Palette

_LONGEST = 8_000


def diagram_texts(source: str, width: int, palette: Palette) -> list[Text] | None:
    """None where it is not drawn.

    >>> [text.plain for text in diagram_texts("graph LR; A-->B", 40, Palette())][1]
    '│ A ├──▶│ B │'
    """
    rows = _rows(source, width)
    return None if rows is None else [Text(row, end="", no_wrap=True) for row in rows]


@lru_cache(maxsize=64)
def _rows(source: str, width: int) -> tuple[str, ...] | None:
    if len(source) > _LONGEST:
        return None
    if (rows := sequence_rows(source)) is not None:
        return tuple(rows) if _fits(rows, width) else None
    chart = flowchart(source)
    if chart is None:
        return None
    # What is too wide in the way it was meant to go may find room the other way. Edges that go back are told from
    # those that go on only in a chart that goes down.
    down_first = not chart.across or has_rings(chart)
    for across in (not down_first, down_first):
        drawn = flowchart_rows(replace(chart, across=across))
        if drawn is not None and _fits(drawn, width):
            return tuple(drawn)
    return None


def _fits(rows: list[str], width: int) -> bool:
    return max(map(cell_len, rows), default=0) <= width
