"""Nothing is silently huge: the log says what a function takes along without its author seeing it, and what else is
large in one message."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from types import FunctionType

from beamlike.code.captures import Captured, captured_by

HEAVY = 16 << 20
"""In bytes, pickled."""

_log = logging.getLogger(__name__)
_told: set[tuple[str, str, str]] = set()


def tell_of_heavy_captures(
    functions: Iterable[FunctionType], weight: Callable[[object], int], goes_by_content: Callable[[object], bool]
) -> None:
    """Logs each captured value of more than `HEAVY`, once for each function's name and the value's."""
    for function in functions:
        for captured in captured_by(function):
            # A captured function is weighed by what it captures itself.
            if isinstance(captured.value, FunctionType) or _has_been_told(function, captured):
                continue
            size = weight(captured.value)
            if size > HEAVY:
                _tell(function, captured, size, goes_by_content(captured.value))


def tell_of_heavy_message(size: int, node: str) -> None:
    """For those who want to see it: the sender knows what it sends."""
    if size > HEAVY:
        _log.info("%.0f MB go to %s in one message", size / 1e6, node)


def _key(function: FunctionType, captured: Captured) -> tuple[str, str, str]:
    return function.__module__, function.__qualname__, captured.how


def _has_been_told(function: FunctionType, captured: Captured) -> bool:
    return _key(function, captured) in _told


def _tell(function: FunctionType, captured: Captured, size: int, by_content: bool) -> None:
    _told.add(_key(function, captured))
    if by_content:
        how_often = "is sent to each node once, and again when it has changed"
    else:
        how_often = (
            "goes along with every call of it: mark it with bl.share if it does not change, load it inside the "
            "function, or keep it in a process over there"
        )
    _log.warning(
        "the function `%s` uses %s, which weighs %.0f MB and %s",
        function.__qualname__,
        captured.how,
        size / 1e6,
        how_often,
    )
