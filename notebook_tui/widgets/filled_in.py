"""Contents with what their inputs hold, for those who show them as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from notebook_tui.widgets.views import Content, Form, Frame, Grid, Input, Scalar, Tabs


def filled_in(content: Content, values: Mapping[str, Scalar]) -> Content:
    """The content, and the inputs in it with these values, by ref, for their defaults.

    >>> filled_in(Grid("g", (Input("i", "number", "Count", 4),), 1), {"i": 7}).contents[0].default
    7
    """
    match content:
        case Input():
            return _field(content, values)
        case Form(fields=fields):
            return replace(content, fields=tuple((name, _field(field, values)) for name, field in fields))
        case Frame(contents=contents) | Grid(contents=contents):
            return replace(content, contents=tuple(filled_in(each, values) for each in contents))
        case Tabs(tabs=tabs):
            return replace(content, tabs=tuple((label, filled_in(each, values)) for label, each in tabs))
        case _:
            return content


def _field(field: Input, values: Mapping[str, Scalar]) -> Input:
    return replace(field, default=values.get(field.ref, field.default))
