"""The next value of an input that has steps: a number, a day, an option."""

from __future__ import annotations

import datetime

from notebook_tui.widgets.views import Input, Scalar


def stepped(field: Input, value: Scalar, by: int) -> Scalar:
    """The value so many steps further, as far as the input goes; None if it has no steps.

    >>> stepped(Input("i", "range", "Size", low=0, high=10, step=4), 8, 1)
    10
    >>> stepped(Input("i", "date", "Day"), "2026-02-28", 1)
    '2026-03-01'
    """
    match field.kind:
        case "number" | "range":
            return _number(field, value, by)
        case "date":
            return _day(value, by)
        case "select":
            return _option(field, value, by)
        case "checkbox":
            return by > 0
        case "text" | "file" | "secret":
            return None


def _number(field: Input, value: Scalar, by: int) -> int | float:
    now = value if isinstance(value, int | float) else field.low or 0
    step = field.step or 1
    # Steps of a tenth are to stay tenths.
    moved = round(now + by * step, 10)
    if field.low is not None:
        moved = max(field.low, moved)
    if field.high is not None:
        moved = min(field.high, moved)
    return int(moved) if float(moved).is_integer() and not isinstance(value, float) else moved


def _day(value: Scalar, by: int) -> str:
    try:
        day = datetime.date.fromisoformat(str(value))
        return (day + datetime.timedelta(days=by)).isoformat()
    except (ValueError, OverflowError):
        return datetime.date.today().isoformat()


def _option(field: Input, value: Scalar, by: int) -> Scalar:
    values = [each for _, each in field.options]
    here = next((index for index, each in enumerate(values) if each == value and type(each) is type(value)), 0)
    return values[max(0, min(here + by, len(values) - 1))] if values else None
