"""Which page of a table or a gallery comes before, which after, and what a press of a heading sorts by."""

from __future__ import annotations

from typing import Final

from notebook_tui.widgets.views import Gallery, Sort, Table

NEWEST: Final = 2**62
"""The offset of the pictures that a gallery shows of itself, whatever comes: the keyboard can stay at it."""


def next_sort(sort: Sort | None, column: str) -> Sort | None:
    """Up, then down, then as it is.

    >>> next_sort(Sort("age"), "age"), next_sort(Sort("age", True), "age"), next_sort(Sort("age"), "name")
    (Sort(column='age', descending=True), None, Sort(column='name', descending=False))
    """
    if sort is None or sort.column != column:
        return Sort(column)
    return None if sort.descending else Sort(column, descending=True)


def pages_beside(paged: Table | Gallery, limit: int) -> tuple[int | None, int | None]:
    """The offsets of the page before and of the page after; None where there is none.

    >>> pages_beside(Table("t", (), (("a",),) * 10, offset=10, count=25), 10)
    (0, 20)
    """
    shown, first = (paged.cards, paged.first) if isinstance(paged, Gallery) else (paged.rows, 0)
    end = paged.offset + len(shown)
    more = 0 < limit <= len(shown) if paged.count is None else end < paged.count
    return (max(first, paged.offset - limit) if paged.offset > first else None), (end if more else None)


def rows_said(table: Table) -> str:
    """
    >>> rows_said(Table("t", (), (("a",),) * 10, offset=10, count=1204))
    'rows 11-20 of 1,204'
    """
    if not table.rows:
        return f"no rows from {table.offset + 1:,} on" if table.offset else "no rows"
    last = table.offset + len(table.rows)
    if table.count == len(table.rows):
        return f"{last:,} {'row' if last == 1 else 'rows'}"
    of = "" if table.count is None else f" of {table.count:,}"
    return f"rows {table.offset + 1:,}-{last:,}{of}"
