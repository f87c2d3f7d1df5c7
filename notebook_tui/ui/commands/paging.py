"""Pages of tables and galleries, fetched from where their data lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from notebook_tui.ui.desk import Desk
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.spots import SortBy, Touch, TurnPage
from notebook_tui.ui.outputs.table_pages import next_sort, pages_beside
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Gallery, Table, View
from notebook_tui.widgets.views_within import views_in

PAGE = 10
"""Rows, of a table that shows none."""
Paged: TypeAlias = Table | Gallery


class Paging:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown: dict[str, View] = {}
        """What its cell showed of it when the page of it was fetched."""
        self._fetching: set[str] = set()

    async def turn(self, paged: Paged, touch: SortBy | TurnPage) -> None:
        """Show that page in the place of this one; why there is none is told."""
        limit = self._limit(paged)
        sort = paged.sort if isinstance(paged, Table) else None
        match touch:
            case SortBy(column=column):
                page = Page(0, limit, next_sort(sort, column))
            case TurnPage(offset=offset):
                page = Page(offset, limit, sort)
        if self._are_the_newest(paged.ref, page):
            self._back_to_the_cell(paged.ref)
            return
        try:
            fetched = await self._fetched(paged.ref, page)
        except LookupError as error:
            what = "rows" if isinstance(paged, Table) else "pictures"
            self._desk.say(f"The {what} could not be fetched: {error.args[0] if error.args else error}", "warning")
            return
        looks = self._desk.view.looks
        if fetched is not None and looks.at == touch and isinstance(touch, TurnPage):
            self._desk.view.look(replace(looks, at=_onward(touch, paged, fetched, limit)))

    def kept(self, looks: Looks, views: Mapping[str, View]) -> Looks:
        """Without the pages of what is gone; where a table is another by now, its page is fetched anew. The pictures of
        a gallery stay as they are until they are gone."""
        pages = {ref: page for ref, page in looks.pages.items() if _is_of(views.get(ref), page)}
        self._shown = {ref: view for ref, view in self._shown.items() if ref in pages}
        for ref, page in pages.items():
            if not isinstance(page, Table):
                continue
            if views[ref] is not self._shown.get(ref) and ref not in self._fetching:
                self._fetching.add(ref)
                self._desk.view.run_worker(self._follow(ref, page))
        return looks if len(pages) == len(looks.pages) else replace(looks, pages=pages)

    async def _follow(self, ref: str, page: Table) -> None:
        """The same rows of the table as it is now; where there are none any more, what its cell shows."""
        wanted = Page(page.offset, self._limit(page), page.sort)
        try:
            fetched = await self._fetched(ref, wanted)
            while fetched is not None and self._in_cell(ref) is not self._shown.get(ref):
                fetched = await self._fetched(ref, wanted)  # of the table that has changed meanwhile
        except LookupError:
            fetched = None
        finally:
            self._fetching.discard(ref)
        if fetched is None or (page.offset and isinstance(fetched, Table) and not fetched.rows):
            self._back_to_the_cell(ref)

    def _back_to_the_cell(self, ref: str) -> None:
        """What its cell shows of it is what is seen."""
        looks = self._desk.view.looks
        self._desk.view.look(replace(looks, pages={key: each for key, each in looks.pages.items() if key != ref}))

    def _are_the_newest(self, ref: str, page: Page) -> bool:
        """Whether all pictures from there on are shown by the cell, which follows what comes."""
        shown = self._in_cell(ref)
        return isinstance(shown, Gallery) and page.offset >= shown.offset

    async def _fetched(self, ref: str, page: Page) -> Paged | None:
        """That page, which is shown from now on; None if the table has gone meanwhile."""
        asked = self._in_cell(ref)
        fetched = await self._desk.client.page(ref, page)
        if asked is None or self._in_cell(ref) is None:
            return None
        self._shown[ref] = asked
        looks = self._desk.view.looks
        self._desk.view.look(replace(looks, pages={**looks.pages, ref: fetched}))
        return fetched

    def _limit(self, paged: Paged) -> int:
        """How many rows or pictures its cell shows of it at a time."""
        if isinstance(paged, Gallery):
            return paged.page_size
        shown = self._in_cell(paged.ref)
        return len(shown.rows if isinstance(shown, Table) else paged.rows) or PAGE

    def _in_cell(self, ref: str) -> View | None:
        cells = self._desk.state.notebook.cells()
        views = (view for cell in cells for output in cell.outputs for view in views_in(output))
        return next((view for view in views if view.ref == ref), None)


def _is_of(view: View | None, page: Paged) -> bool:
    if isinstance(view, Gallery):
        return isinstance(page, Gallery) and view.first <= page.offset < view.count
    return isinstance(view, Table) and isinstance(page, Table)


def _onward(touch: TurnPage, before: Paged, now: Paged, limit: int) -> Touch:
    """Where the keyboard goes on in the same direction, or else in the other."""
    back, on = pages_beside(now, limit)
    first, second = (on, back) if touch.offset > before.offset else (back, on)
    offset = first if first is not None else second
    return touch if offset is None else TurnPage(touch.ref, offset)
