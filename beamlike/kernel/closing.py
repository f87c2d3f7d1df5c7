"""Ends code that nobody waits for any more, as far as Python lets anybody."""

from __future__ import annotations

import ctypes
from collections.abc import Coroutine
from inspect import CORO_CLOSED, getcoroutinestate
from typing import Any

ATTEMPTS = 3
"""Each goes on from where the code waited last: an `await` in a `finally` refuses one of them."""


def close(coroutine: Coroutine[Any, Any, Any]) -> bool:
    """Has the code leave where it waits. False if it goes on waiting; raises what leaving raises."""
    for _ in range(ATTEMPTS):
        try:
            coroutine.close()
        except RuntimeError:
            if _is_closed(coroutine):
                raise  # an error of its own; that of a refusal says nothing to anybody
        if _is_closed(coroutine):
            return True
    _keep_for_ever(coroutine)
    return False


def _is_closed(coroutine: Coroutine[Any, Any, Any]) -> bool:
    return getcoroutinestate(coroutine) == CORO_CLOSED


def _keep_for_ever(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Were it freed, its destructor would close it once more, and might never return. So a reference too many is
    counted, which outlasts even the end of the interpreter."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
