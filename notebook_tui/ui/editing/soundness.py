"""Whether a text is Python at all: found out in a thread, once nobody types."""

from __future__ import annotations

import ast
import warnings
from typing import Final

from beamlike.kernel.record import frozen

REST: Final = 0.8
"""Seconds without a key before a text is looked at: half a statement is no mistake."""
_LONGEST: Final = 200_000
"""Characters; a longer text is not looked at."""


@frozen
class Fault:
    line: int
    """From 1."""
    message: str


def fault_of(source: str) -> Fault | None:
    """The first thing that keeps a text from being compiled.

    >>> fault_of("x = 1\\ny = ("), fault_of("await f()")
    (Fault(line=2, message="'(' was never closed"), None)
    """
    if len(source) > _LONGEST:
        return None
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "cell", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        return Fault(error.lineno or 1, error.msg)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return Fault(1, f"the text cannot be compiled: {error}")
    return None
