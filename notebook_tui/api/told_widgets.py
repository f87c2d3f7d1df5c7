"""The widgets that cells show, as JSON: what a program may set, press, submit and read, and by which refs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from notebook_tui.api.view_json import kind_of
from notebook_tui.document.inputs import InputValue
from notebook_tui.document.notebook import Cell
from notebook_tui.document.state import State
from notebook_tui.widgets.views import Button, Form, Input, Keyboard, Scalar, Table, View
from notebook_tui.widgets.views_within import views_in

USED = Input | Button | Form | Keyboard | Table
"""Views with which something can be done, or of which there is more than is shown."""


def widgets_json(state: State, cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """Of these cells, each widget once, in the order in which they are shown first.

    >>> from notebook_tui.document.notebook import Notebook
    >>> cell = Cell("c", "code", outputs=(Button("b", "Go"),))
    >>> widgets_json(State(Notebook()), [cell])
    [{'ref': 'b', 'kind': 'button', 'cells': ['c'], 'label': 'Go'}]
    """
    found: dict[str, View] = {}
    shown_by: dict[str, dict[str, None]] = {}
    for cell, view in _views(cells):
        if isinstance(view, USED):
            found.setdefault(view.ref, view)
            shown_by.setdefault(view.ref, {})[cell.id] = None
    return [
        {"ref": ref, "kind": kind_of(view), "cells": list(shown_by[ref]), **_told(state, view)}
        for ref, view in found.items()
    ]


def shown_view(state: State, ref: str) -> View | None:
    """That view as a cell shows it, if one does."""
    return next((view for _, view in _views(state.notebook.cells()) if view.ref == ref), None)


def value_json(state: State, field: Input) -> dict[str, Any]:
    """What an input holds; of a secret only whether there is one.

    >>> from notebook_tui.document.notebook import Notebook
    >>> value_json(State(Notebook()), Input("i", "text", "Name", "Ada"))
    {'value': 'Ada'}
    >>> value_json(State(Notebook()), Input("i", "secret", "Key"))
    {'value': None, 'is_set': False}
    """
    known = state.inputs.get(field.ref)
    value = field.default if known is None else known.value
    if field.kind == "secret":
        return {"value": None, "is_set": value is not None}
    return {"value": _json(value)}


def _json(value: InputValue) -> Scalar:
    if isinstance(value, bytes | tuple) or (isinstance(value, float) and not math.isfinite(value)):
        return None  # JSON has no word for it
    return value


def _views(cells: Iterable[Cell]) -> Iterator[tuple[Cell, View]]:
    return ((cell, view) for cell in cells for output in cell.outputs for view in views_in(output))


def _told(state: State, view: View) -> dict[str, Any]:
    match view:
        case Input():
            return {**_field(view), **value_json(state, view)}
        case Button() | Keyboard():
            return {"label": view.label}
        case Form():
            fields = [{"name": name, **_field(field), "default": _default(field)} for name, field in view.fields]
            return {"label": view.submit, "fields": fields}
        case Table():
            return {
                "title": view.title,
                "columns": [{"name": column.name, "type": column.kind} for column in view.columns],
                "count": view.count,
                "sortable": view.sortable,
            }
        case _:
            return {}


def _field(field: Input) -> dict[str, Any]:
    told: dict[str, Any] = {"label": field.label, "type": field.kind}
    if field.kind == "select":
        told["options"] = [label for label, _ in field.options]
    bounds = {"low": field.low, "high": field.high, "step": field.step}
    return told | {name: bound for name, bound in bounds.items() if bound is not None and math.isfinite(bound)}


def _default(field: Input) -> Scalar:
    return None if field.kind == "secret" else _json(field.default)
