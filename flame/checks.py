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


def check_above_zero(what: str, value: object, *, unit: str, or_none: bool = True) -> None:
    """Refuses what is no finite number above 0, nor None if that may be: TypeError, ValueError.

    >>> check_above_zero("caps: usd", "5", unit="dollars")
    Traceback (most recent call last):
        ...
    TypeError: caps: usd must be a number of dollars above 0 or None, got '5'
    """
    if or_none and value is None:
        return
    expected = f"{what} must be a number of {unit} above 0{' or None' if or_none else ''}, got {value!r}"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(expected)
    if not 0 < value < float("inf"):
        raise ValueError(expected)


def check_time_limit(what: str, seconds: object, none: str) -> None:
    """Refuses what is neither a time of 0 or more nor None, which means `none`: TypeError.

    >>> check_time_limit("a timeout", "5s", "no limit")
    Traceback (most recent call last):
        ...
    TypeError: expected a timeout in seconds, 0 or more, or None for no limit, got '5s'
    """
    if seconds is None:
        return
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds >= 0:
        raise TypeError(f"expected {what} in seconds, 0 or more, or None for {none}, got {seconds!r}")
