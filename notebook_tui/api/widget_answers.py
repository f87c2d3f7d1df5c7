"""What the methods do with the widgets of one notebook that a client has open."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

from notebook_tui.api import params
from notebook_tui.api.errors import ApiError
from notebook_tui.api.opened import Opened
from notebook_tui.api.told_widgets import shown_view, value_json, widgets_json
from notebook_tui.api.view_json import kind_of
from notebook_tui.document.operations import SetInputValue
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Button, Form, Input, Sort, Table, View

V = TypeVar("V", bound=View)

Answer: TypeAlias = dict[str, Any]


class WidgetAnswers:
    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._client = opened.client

    async def widgets(self, wanted: params.Widgets) -> Answer:
        state = self._opened.state
        cells = state.notebook.cells() if wanted.cell is None else [self._opened.cell(wanted.cell)]
        return {"widgets": widgets_json(state, cells)}

    async def set_input(self, wanted: params.SetInput) -> Answer:
        field = self._shown(wanted.widget, Input)
        if field.kind != "secret":
            await self._opened.make(SetInputValue(field.ref, wanted.value))
        elif wanted.value is None or isinstance(wanted.value, str):
            await self._client.have_set_secret_input(field.ref, wanted.value)
            await self._client.caught_up()
        else:
            raise ApiError("params", "value: expected text or null for a secret")
        return value_json(self._opened.state, field)

    async def press(self, wanted: params.Press) -> Answer:
        await self._client.have_acted(self._shown(wanted.widget, Button).ref)
        return {}

    async def submit(self, wanted: params.Submit) -> Answer:
        form = self._shown(wanted.widget, Form)
        await self._client.have_acted(form.ref, dict(wanted.values or {}))
        return {}

    async def rows(self, wanted: params.Rows) -> Answer:
        table = self._shown(wanted.widget, Table)
        sort = None if wanted.sort is None else Sort(wanted.sort, wanted.descending)
        if wanted.sort is None and wanted.descending:
            raise ApiError("params", "descending: expected sort with it, the name of a column")
        if sort is not None:
            _check_sort(table, sort)
        try:
            page = await self._client.rows(table.ref, Page(wanted.offset, wanted.limit, sort))
        except LookupError as error:
            raise ApiError("refused", str(error)) from error
        return {
            "columns": [column.name for column in page.columns],
            "rows": [list(row) for row in page.rows],
            "offset": page.offset,
            "count": page.count,
        }

    def _shown(self, ref: str, kind: type[V]) -> V:
        view = shown_view(self._opened.state, ref)
        if view is None:
            raise ApiError("cell", f"no cell shows the widget {ref}; widgets tells those that there are")
        if not isinstance(view, kind):
            name = kind.__name__.lower()
            raise ApiError(
                "refused", f"the widget {ref} is of the kind {kind_of(view)}; this takes one of the kind {name}"
            )
        return view


def _check_sort(table: Table, sort: Sort) -> None:
    names = [column.name for column in table.columns]
    if not table.sortable:
        raise ApiError("refused", "this table cannot be sorted: its rows come one by one")
    if sort.column not in names:
        raise ApiError("params", f"sort: expected one of the columns {', '.join(names)}, got {sort.column}")
