"""Any value as something to show: a widget as itself, text as text, anything else by the display protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from notebook_tui.widgets.messages import Servers
from notebook_tui.widgets.views import Content, Display, Text
from notebook_tui.widgets.widget import Widget

_display: Callable[[object], Display] = lambda value: Display((("text/plain", repr(value)),))  # noqa: E731


def use_display(display: Callable[[object], Display]) -> None:
    """From now on that is how values which are neither widgets nor text are shown in this interpreter."""
    global _display
    _display = display


def shown_as(value: object) -> tuple[Content, Servers]:
    """
    >>> shown_as("a")
    (Text(stream='stdout', text='a'), ())
    """
    match value:
        case Widget():
            return value.within()
        case str():
            return Text("stdout", value), ()
        case Display() | Text():
            return value, ()
        case _:
            return _display(value), ()


def all_shown_as(values: Iterable[object]) -> tuple[tuple[Content, ...], Servers]:
    pairs = [shown_as(value) for value in values]
    return tuple(content for content, _ in pairs), tuple(server for _, servers in pairs for server in servers)
