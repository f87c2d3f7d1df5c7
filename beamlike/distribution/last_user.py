"""Who is called when the last user of memory has dropped it, in whatever thread and in the middle of anything."""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Callable
from typing import Final, ParamSpec

P = ParamSpec("P")

IS_CERTAIN: Final = sys.implementation.name == "cpython"
"""Elsewhere it is not certain when something was dropped."""

if IS_CERTAIN:
    _untrack = ctypes.pythonapi.PyObject_GC_UnTrack
    _untrack.argtypes = [ctypes.py_object]
    _untrack.restype = None


def when_dropped(memory: object, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Calls when nothing is left of `memory`, which refers to nothing that could refer to it."""
    if IS_CERTAIN:
        # The collector calls what waits for the end of garbage before the `__del__` of other garbage, which may still
        # read this; of what it does not track it hears at the very end. There is no ring to find.
        _untrack(memory)
    weakref.finalize(memory, call, *args, **kwargs).atexit = False
