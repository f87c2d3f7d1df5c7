"""Pages of tables, fetched from where their data lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from notebook_tui.ui.desk import Desk
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.spots import SortBy, Touch, TurnPage
from notebook_tui.ui.outputs.table_pages import next_sort, pages_beside
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Table, View
from notebook_tui.widgets.views_within import views_in

PAGE = 10
"""Rows, of a table that shows none."""


class Paging:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown: dict[str, View] = {}
        """What its cell showed of a table when a page was asked for."""

    async def turn(self, table: Table, touch: SortBy | TurnPage) -> None:
        """Show that page in the place of this one; why there is none is told."""
        view = self._in_cell(table.ref)
        shown = view if isinstance(view, Table) else table
        limit = max(len(shown.rows), 1) if shown.rows else PAGE
        match touch:
            case SortBy(column=column):
                page = Page(0, limit, next_sort(table.sort, column))
            case TurnPage(offset=offset):
                page = Page(offset, limit, table.sort)
        try:
            fetched = await self._desk.client.rows(table.ref, page)
        except LookupError as error:
            self._desk.say(f"The rows could not be fetched: {error.args[0] if error.args else error}", "warning")
            return
        if view is not None and self._in_cell(table.ref) is view:
            self._shown[table.ref] = view
            looks = self._desk.view.looks
            looks = replace(looks, pages={**looks.pages, table.ref: fetched})
            if looks.at == touch and isinstance(touch, TurnPage):
                looks = replace(looks, at=_onward(touch, table, fetched, limit))
            self._desk.view.look(looks)

    def kept(self, looks: Looks, views: Mapping[str, View]) -> Looks:
        """Without the pages of tables that are others by now."""
        pages = {ref: page for ref, page in looks.pages.items() if views.get(ref) is self._shown.get(ref)}
        self._shown = {ref: view for ref, view in self._shown.items() if ref in pages}
        return looks if len(pages) == len(looks.pages) else replace(looks, pages=pages)

    def _in_cell(self, ref: str) -> View | None:
        cells = self._desk.state.notebook.cells()
        views = (view for cell in cells for output in cell.outputs for view in views_in(output))
        return next((view for view in views if view.ref == ref), None)


def _onward(touch: TurnPage, before: Table, now: Table, limit: int) -> Touch:
    """Where the keyboard goes on in the same direction, or else in the other."""
    back, on = pages_beside(now, limit)
    first, second = (on, back) if touch.offset > before.offset else (back, on)
    offset = first if first is not None else second
    return touch if offset is None else TurnPage(touch.ref, offset)
