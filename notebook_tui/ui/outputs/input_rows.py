"""Inputs as rows: a label, and a field with what it holds, each kind in a shape of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.moved_rows import text_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Fill, Spot
from notebook_tui.widgets.views import Input, Scalar

_LONGEST: Final = {"number": 14, "date": 12, "range": 24}
_LONGEST_TEXT: Final = 44
_LEAST_FIELD: Final = 12
_GAP: Final = 2
_WIDEST_LABEL: Final = 24


def label_width(fields: Iterable[Input]) -> int:
    """What the labels of inputs below each other take, so that their fields begin in one column; one that is very long
    stands for itself, and so does what stands behind its box.

    >>> label_width([Input("i", "text", "Name"), Input("j", "date", "Since"), Input("k", "checkbox", "All of them")])
    5
    """
    labels = (Text(printable_row(field.label)).cell_len for field in fields if field.kind != "checkbox")
    return max((each for each in labels if each <= _WIDEST_LABEL), default=0)


def input_rows(
    field: Input, width: int, palette: Palette, looks: Looks, touch: Fill | None = None, labels: int = 0
) -> list[OutputRow]:
    """The label has `labels` columns, or as many as it needs; one that is too long stands above its field.

    >>> rows = input_rows(Input("i", "number", "Batch size", 8, low=1, high=64), 60, Palette(), Looks())
    >>> rows[0].text.plain
    'Batch size  [ 8              ]  1 to 64'
    """
    return list(_rows(field, width, palette, looks, touch or Fill(field.ref), labels))


def _rows(field: Input, width: int, palette: Palette, looks: Looks, touch: Fill, labels: int) -> Iterator[OutputRow]:
    value = looks.values.get(field.ref, field.default)
    label = inked(printable_row(field.label), palette.strong)
    if field.kind == "checkbox":
        row = Text("[✓] " if value else "[ ] ", end="").append_text(label)
        row.truncate(width, overflow="ellipsis")
        yield text_row(row, [Spot(0, row.cell_len, touch)])
        return
    labels = max(labels, label.cell_len)
    if labels + _GAP + _LEAST_FIELD > width:
        label.truncate(width, overflow="ellipsis")
        yield text_row(label)
        label, labels = Text(end=""), 0
    label.append(" " * (labels - label.cell_len + (_GAP if labels else 0)))
    if field.kind == "range":
        yield _slider(field, value, label, width, palette, touch)
    else:
        yield _box(field, value, label, width, palette, touch)


def _box(field: Input, value: Scalar, label: Text, width: int, palette: Palette, touch: Fill) -> OutputRow:
    said = printable_row(_said(field, value))
    room = width - label.cell_len - 4
    longest = _LONGEST.get(field.kind, _LONGEST_TEXT)
    if field.kind == "select":
        longest = max((Text(printable_row(each)).cell_len for each, _ in field.options), default=8) + 2
    shown = Text(said, end="") if said else inked(_hint(field), palette.muted)
    size = max(1, min(room, longest))
    shown.truncate(size, overflow="ellipsis")
    shown.append(" " * (size - shown.cell_len))
    start = label.cell_len + 2
    row = label.append("[ ", palette.muted).append_text(shown).append(" ]", palette.muted)
    bounds = _bounds(field)
    if bounds and row.cell_len + _GAP + len(bounds) <= width:
        row.append(f"  {bounds}", palette.muted)
    return text_row(row, [Spot(start, start + size, touch)])


def _slider(field: Input, value: Scalar, label: Text, width: int, palette: Palette, touch: Fill) -> OutputRow:
    low, high = field.low or 0.0, field.high if field.high is not None else 1.0
    number = value if isinstance(value, int | float) else low
    said = f" {number:g}"
    room = width - label.cell_len - max(len(said), len(f" {low:g}"), len(f" {high:g}")) - 2
    size = max(4, min(_LONGEST["range"], room))
    share = min(1.0, max(0.0, (number - low) / (high - low))) if high > low else 0.0
    knob = round(share * (size - 1))
    start = label.cell_len
    row = label.append("├", palette.muted).append("━" * knob, palette.focus).append("●", palette.focus)
    row.append("─" * (size - 1 - knob), palette.faint).append("┤", palette.muted).append(said)
    end = row.cell_len
    bounds = f"{low:g} to {high:g}"
    if row.cell_len + _GAP + len(bounds) <= width:
        row.append(f"  {bounds}", palette.muted)
    row.truncate(width, overflow="ellipsis")
    return text_row(row, [Spot(start, end, touch)])


def _said(field: Input, value: Scalar) -> str:
    match field.kind:
        case "secret":
            return "••••••" if value else ""
        case "select":
            options = ((label, each) for label, each in field.options)
            label = next((label for label, each in options if each == value and type(each) is type(value)), "")
            return f"{label} ▾"
        case _:
            return "" if value is None else str(value)


def _hint(field: Input) -> str:
    match field.kind:
        case "date":
            return "YYYY-MM-DD"
        case "file":
            return "path of a file"
        case "secret":
            return "not set"
        case _:
            return ""


def _bounds(field: Input) -> str:
    if field.kind != "number" or (field.low is None and field.high is None):
        return ""
    if field.low is None:
        return f"up to {field.high:g}"
    return f"from {field.low:g}" if field.high is None else f"{field.low:g} to {field.high:g}"
