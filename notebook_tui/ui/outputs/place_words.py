"""What can be done at a place of an output, in keys and words for the status bar."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from notebook_tui.ui.outputs.spots import (
    Act,
    Fill,
    GiveKeys,
    GoTo,
    OpenTab,
    OpenWhole,
    Reply,
    Shift,
    ShowSeries,
    SortBy,
    Touch,
    TurnPage,
)
from notebook_tui.widgets.views import Button, Form, Gallery, Input, Table, Tree, View

Hints: TypeAlias = tuple[tuple[str, str], ...]
_WAYS: Hints = (("Tab", "next"), ("Esc", "back to the cell"))
_ACROSS: Hints = (("←→", "beside"), *_WAYS)


def words_of(touch: Touch, view: View | None) -> Hints:
    """
    >>> words_of(OpenTab("t", 1), None)[0]
    ('Enter', 'open the tab')
    """
    match touch:
        case GoTo():
            return (("Enter", "go to the line"), *_WAYS)
        case Act():
            return (("Enter", _deed(view)), *_WAYS)
        case Fill():
            return (*_filling(view), *_WAYS)
        case OpenTab():
            return (("Enter", "open the tab"), *_ACROSS)
        case ShowSeries():
            return (("Enter", "this series alone, or all"), *_ACROSS)
        case SortBy(column=column):
            return (("Enter", f"sort by {column}"), ("o", "whole table"), *_sideways(view), *_ACROSS)
        case TurnPage() if isinstance(view, Gallery):
            return (("Enter", "turn the page"), ("o", "one by one, large"), *_ACROSS)
        case TurnPage():
            return (("Enter", "turn the page"), ("o", "whole table"), *_sideways(view), *_ACROSS)
        case Shift():
            return (("Enter", "more columns"), ("o", "whole table"), *_ACROSS)
        case OpenWhole():
            return (("Enter", "open the whole output"), *_WAYS)
        case GiveKeys():
            return (("Enter", "give it all keys"), *_WAYS)
        case Reply():
            return (("Enter", "answer"), *_WAYS)
        case _:
            assert_never(touch)


def _deed(view: View | None) -> str:
    match view:
        case Button(label=label):
            return f"press {label}"
        case Form(submit=submit):
            return submit.lower()
        case Tree():
            return "open or close"
        case _:
            return "press"


def _filling(view: View | None) -> Hints:
    match view:
        case Input(kind="checkbox"):
            return (("Enter", "tick or untick"),)
        case Input(kind="select"):
            return (("Enter", "choose"), ("+ -", "next, previous"))
        case Input(kind="range"):
            return (("←→", "move"), ("Enter", "type"))
        case Input(kind="number" | "date"):
            return (("Enter", "type"), ("+ -", "more, less"))
        case _:
            return (("Enter", "type"),)


def _sideways(view: View | None) -> Hints:
    return (("h l", "columns"),) if isinstance(view, Table) else ()
