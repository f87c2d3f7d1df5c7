"""A page of a table as aligned lines: numbers to the right, and the columns share the width that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from unicodedata import east_asian_width

from notebook_tui.widgets.views import Column, Table

_GAP: Final = "  "
_NARROWEST: Final = 4
_MORE: Final = "…"


def table_text(table: Table, width: int) -> str:
    """
    >>> columns = Column("name"), Column("age", "number")
    >>> print(table_text(Table("t", columns, (("Ada", "36"), ("Tu", "7")), count=12), 40))
    name  age
    ────  ───
    Ada    36
    Tu      7
    rows 1-2 of 12
    """
    texts = [[_one_line(text) for text in row] for row in table.rows]
    names = [_heading(column, table) for column in table.columns]
    widths = _shared([max(map(_cells, each)) for each in zip(names, *texts, strict=True)], width)
    shown = [index for index, each in enumerate(widths) if each]
    lines = [table.title] if table.title else []
    if shown:
        kinds = [table.columns[index] for index in shown]
        room = [widths[index] for index in shown]
        lines += [_line([names[index] for index in shown], room, kinds)]
        lines += [_GAP.join("─" * each for each in room)]
        lines += [_line([row[index] for index in shown], room, kinds) for row in texts]
    return "\n".join([*lines, _footer(table, len(shown))])


def _heading(column: Column, table: Table) -> str:
    if table.sort is None or table.sort.column != column.name:
        return _one_line(column.name)
    return f"{_one_line(column.name)} {'▼' if table.sort.descending else '▲'}"


def _footer(table: Table, shown: int) -> str:
    left_out = len(table.columns) - shown
    columns = f", {left_out} more columns" if left_out else ""
    if not table.rows:
        return ("no rows" if not table.offset else f"no rows from {table.offset + 1:,} on") + columns
    last = table.offset + len(table.rows)
    of = f" of {table.count:,}" if table.count is not None else ""
    if table.count == len(table.rows):
        return f"{last:,} {'row' if last == 1 else 'rows'}{columns}"
    return f"rows {table.offset + 1:,}-{last:,}{of}{columns}"


def _shared(wanted: Sequence[int], width: int) -> list[int]:
    """What each column gets: the widest give first. Of more than fit at all the last ones get nothing.

    >>> _shared([4, 30, 10], 30), _shared([6] * 8, 20)
    ([4, 12, 10], [5, 5, 6, 0, 0, 0, 0, 0])
    """
    most = max(1, (width + len(_GAP)) // (_NARROWEST + len(_GAP)))
    got = list(wanted[:most])
    left = width - len(_GAP) * (len(got) - 1)
    while sum(got) > left and max(got) > _NARROWEST:
        widest = max(got)
        second = max((each for each in got if each < widest), default=_NARROWEST)
        among = [index for index, each in enumerate(got) if each == widest]
        down = max(second, _NARROWEST, widest - -(-(sum(got) - left) // len(among)))
        for index in among:
            got[index] = down
            if sum(got) <= left:
                break
    return got + [0] * (len(wanted) - len(got))


def _line(texts: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    parts = [
        _pad(_cut(text, width), width, right=column.kind == "number")
        for text, width, column in zip(texts, widths, columns, strict=True)
    ]
    return _GAP.join(parts).rstrip()


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _cells(text))
    return space + text if right else text + space


def _cut(text: str, width: int) -> str:
    if _cells(text) <= width:
        return text
    while _cells(text) > width - 1:
        text = text[:-1]
    return text + _MORE


def _cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def _one_line(text: str) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)
