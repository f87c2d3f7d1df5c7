"""What of a cell's outputs a file holds: a view changes while its program lives, and stands there as it looked.

Of tabs it is the first that has a text, of a grid or a frame each content, as in Livebook's files. What only waits for
its user (inputs, buttons) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Still, Text, drawn
from notebook_tui.widgets.view_text import content_text
from notebook_tui.widgets.views import Button, Form, Frame, Gallery, Grid, Input, Keyboard, Table, Tabs


def stills(outputs: Sequence[Output]) -> tuple[Still, ...]:
    """The outputs as a file holds them.

    >>> stills([Tabs("t", (("A", Display((("image/png", b""),))), ("B", Text("stdout", "b")))), Button("b", "Go")])
    (Text(stream='stdout', text='b'),)
    """
    return tuple(still for output in outputs for still in _stills(output))


def _stills(output: Output) -> Iterator[Still]:
    match output:
        case Text() | Result() | Error() | Exported() | Display():
            yield output
        case Input() | Button() | Form() | Keyboard():
            return
        case Frame(contents=contents) | Grid(contents=contents):
            yield from stills(contents)
        case Gallery(cards=cards):
            yield from (card.picture for card in cards)
        case Tabs(tabs=tabs):
            shown = [found for _, content in tabs if (found := stills([content]))]
            yield from next((found for found in shown if any(map(_has_text, found))), shown[0] if shown else ())
        case Table():
            yield Display((("text/html", _html(output)), ("text/plain", content_text(output))))
        case _:
            yield drawn(output)


def _has_text(still: Still) -> bool:
    return not isinstance(still, Display) or isinstance(still.form("text/plain"), str)


def _html(table: Table) -> str:
    head = "".join(f"<th>{escape(column.name)}</th>" for column in table.columns)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in table.rows)
    title = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    return f"<table>{title}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def outputs_dropped(notebook: Notebook) -> Notebook:
    """The notebook with no outputs, for a file that cannot hold any or shall not."""

    def bare(cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return tuple(replace(cell, outputs=()) for cell in cells)

    return replace(notebook, sections=tuple(replace(one, cells=bare(one.cells)) for one in notebook.sections))
