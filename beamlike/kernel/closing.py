"""Ends code that nobody waits for any more, as far as Python lets anybody."""

from __future__ import annotations

import ctypes
from collections.abc import Coroutine
from inspect import CORO_CLOSED, getcoroutinestate
from typing import Any

ATTEMPTS = 3
"""Each goes on from where the code waited last: an `await` in a `finally` refuses one of them."""


def close(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Has the code leave where it waits. Raises what that raises; RuntimeError if the code goes on waiting."""
    refusal: RuntimeError | None = None
    for _ in range(ATTEMPTS):
        if getcoroutinestate(coroutine) == CORO_CLOSED:
            break
        try:
            coroutine.close()
        except RuntimeError as error:
            refusal = error
    if getcoroutinestate(coroutine) != CORO_CLOSED:
        _keep_for_ever(coroutine)
    if refusal is not None:
        raise refusal


def _keep_for_ever(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Were it freed, its destructor would close it once more, and might never return. So a reference too many is
    counted, which outlasts even the end of the interpreter."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
