"""Numbers from whatever holds them: lists, columns of dataframes, arrays, tensors."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any


def numbers(values: Any, what: str) -> tuple[float, ...]:
    """As floats; dates and times as seconds since 1970. TypeError or ValueError say which value is none.

    >>> numbers([1, 2.5, None], "y")
    (1.0, 2.5, nan)
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"expected numbers for {what}, such as a list or a column, got {type(values).__name__}")
    if hasattr(values, "detach"):  # a tensor, which may need a gradient and lie on another device
        values = values.detach().cpu().flatten()
    plain = values.tolist() if hasattr(values, "tolist") else values
    return tuple(number(value, what) for value in plain)


def number(value: Any, what: str) -> float:
    """One of them; None is nothing, which no chart draws."""
    if value is None:
        return float("nan")
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC).timestamp()
    if isinstance(value, str | bytes):
        raise TypeError(f"expected a number for {what}, got {value!r}")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"expected a number for {what}, got {type(value).__name__}: {value!r}") from error
