"""A table that is read where its data lives, as far as somebody looks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, Final

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.widgets import views
from notebook_tui.widgets.changes import Became
from notebook_tui.widgets.messages import Answer, Page
from notebook_tui.widgets.server import Behaviour, start_server
from notebook_tui.widgets.table_rows import Rows, rows_of
from notebook_tui.widgets.views import Sort
from notebook_tui.widgets.widget import Widget, new_ref

MOST_ROWS: Final = 1_000
"""Of one page."""


class Table(Widget[views.Table]):
    """A table of records (dicts, dataclasses, tuples), of a mapping of columns, of a dataframe of pandas or polars, a
    polars LazyFrame, an array of numpy or torch, or of what an iterator yields, which is pulled as far as it is looked
    at. `page_size` rows are shown at first; viewers turn pages and sort, and the data stays where it is.

    >>> from notebook_tui.widgets.table import Table
    >>> table = Table([{"name": "Ada", "born": 1815}, {"name": "Alan", "born": 1912}], title="People").show()
    People
    name  born
    ────  ────
    Ada   1815
    Alan  1912
    2 rows
    """

    def __init__(
        self, data: Any, *, title: str = "", page_size: int = 10, sort: str | None = None, descending: bool = False
    ) -> None:
        if not 1 <= page_size <= MOST_ROWS:
            raise ValueError(f"expected 1 to {MOST_ROWS:,} rows a page, got {page_size}")
        rows = rows_of(data)
        order = Sort(sort, descending) if sort is not None else None
        view = views.Table(new_ref(), rows.columns, sortable=rows.sortable, title=title)
        view = page_of(view, rows, Page(0, page_size, order))
        super().__init__(view, start_server(partial(_Reading, view, rows)))
        self._page_size = page_size

    def update(self, data: Any) -> None:
        """Other data from now on, in the same place."""
        rows = rows_of(data)
        view = views.Table(self.ref, rows.columns, sortable=rows.sortable, title=self._view.title)
        view = page_of(view, rows, Page(0, self._page_size))
        for _, server in self._servers:
            bl.send(server, _Replace(view, rows))
        self._change(Became(view))


def page_of(view: views.Table, rows: Rows, page: Page) -> views.Table:
    """ValueError if there is no such column to sort by."""
    texts = rows.page(page.offset, page.limit, page.sort)
    return replace(view, rows=texts, offset=page.offset, count=rows.count, sort=page.sort)


@frozen
class _Replace:
    view: views.Table
    rows: Rows


class _Reading(Behaviour):
    def __init__(self, view: views.Table, rows: Rows) -> None:
        self._view = view
        self._rows = rows

    async def page(self, page: Page) -> Answer:
        if page.offset < 0 or not 1 <= page.limit <= MOST_ROWS:
            return Answer(None, f"expected 1 to {MOST_ROWS:,} rows from a row of 0 or more, got {page}")
        try:
            return Answer(await asyncio.to_thread(page_of, self._view, self._rows, page))
        except Exception as error:  # of the user's data, too: it is the viewer who wants to know
            return Answer(None, f"the rows could not be read: {type(error).__name__}: {error}")

    async def on_message(self, message: object) -> None:
        if isinstance(message, _Replace):
            self._view, self._rows = message.view, message.rows
