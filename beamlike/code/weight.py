"""A warning for what a function takes along without its author seeing it: a big global goes with every call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from types import FunctionType

from beamlike.code.captures import captured_by

HEAVY = 10_000_000
"""In bytes, pickled."""

_log = logging.getLogger(__name__)
_warned: set[tuple[str, str, str]] = set()


def warn_of_heavy_captures(functions: Iterable[FunctionType], weight: Callable[[object], int]) -> None:
    """Logs each captured value of more than `HEAVY`, once for each function's name and the value's."""
    for function in functions:
        for captured in captured_by(function):
            key = (function.__module__, function.__qualname__, captured.how)
            # A captured function is weighed by what it captures itself.
            if key in _warned or isinstance(captured.value, FunctionType):
                continue
            size = weight(captured.value)
            if size > HEAVY:
                _warned.add(key)
                _log.warning(
                    "the function `%s` uses %s, which weighs %.0f MB and goes along with every call of it: "
                    "load it inside the function, or keep it in a process over there",
                    function.__qualname__,
                    captured.how,
                    size / 1e6,
                )
