"""Options are refused at the edge: what was expected, and what came."""

from __future__ import annotations


def check_whole(what: str, value: object, *, at_least: int, or_none: bool = False) -> None:
    """Refuses what is no whole number of at least so much: TypeError, ValueError.

    >>> check_whole("caps: runners", 0, at_least=1, or_none=True)
    Traceback (most recent call last):
        ...
    ValueError: caps: runners must be a whole number, 1 or more, or None, got 0
    """
    if or_none and value is None:
        return
    expected = f"{what} must be a whole number, {at_least} or more{', or None' if or_none else ''}, got {value!r}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(expected)
    if value < at_least:
        raise ValueError(expected)


def check_above_zero(what: str, value: object, *, unit: str) -> None:
    """Refuses what is neither None nor a finite number above 0: TypeError, ValueError.

    >>> check_above_zero("caps: usd", "5", unit="dollars")
    Traceback (most recent call last):
        ...
    TypeError: caps: usd must be a number of dollars above 0 or None, got '5'
    """
    if value is None:
        return
    expected = f"{what} must be a number of {unit} above 0 or None, got {value!r}"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(expected)
    if not 0 < value < float("inf"):
        raise ValueError(expected)
