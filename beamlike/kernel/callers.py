"""Functions of this package that call what a user gave, which may be of the standard library itself.

Who looks at a thread from outside, and finds it in the standard library, learns by them for whom that works. Such a
function does nothing else that must not be cut in half. A test finds one that is not marked, by the name that what a
user gave has in this package: `function`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, Final, TypeVar

C = TypeVar("C", bound=Callable[..., Any])

CALLERS: Final = set[CodeType]()
"""Their code."""


def calls_users(function: C) -> C:
    """Marks a function, or coroutine function, as one of them."""
    CALLERS.add(function.__code__)
    return function
