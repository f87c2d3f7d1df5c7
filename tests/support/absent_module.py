"""A function whose module no other interpreter can import: it travels by its name, and means nothing there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

NAME = "known_here_only"


@contextmanager
def function_known_here_only() -> Iterator[Callable[[], None]]:
    module = ModuleType(NAME)
    exec("def function(): pass", module.__dict__)
    sys.modules[NAME] = module
    try:
        yield module.function
    finally:
        del sys.modules[NAME]
