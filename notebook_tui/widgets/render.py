"""Values shown while a cell runs, not only at its end."""

from __future__ import annotations

from typing import TypeVar

from notebook_tui.widgets.place import place_here
from notebook_tui.widgets.shows import shown_as
from notebook_tui.widgets.view_text import content_text
from notebook_tui.widgets.widget import Widget

T = TypeVar("T")


def render(value: T) -> T:
    """Shows the value after what the cell has printed, as its result would be shown, and returns it.

    >>> from notebook_tui.widgets.render import render
    >>> render([1, 2]) + [3]
    [1, 2]
    [1, 2, 3]
    """
    if isinstance(value, Widget):
        value.show()
    else:
        content, servers = shown_as(value)
        place_here().show(content, servers, content_text(content))
    return value
