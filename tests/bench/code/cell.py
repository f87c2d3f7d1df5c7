"""What a user writes in a cell: about 1 KB of code, and a megabyte of captured bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from beamlike.code.notebook_module import NotebookModule

CELL = """
def closure(captured):
    def work(x):
        parts = [x * 1, x * 2, x * 3, x * 5, x * 7]
        named = {"one": parts[0], "two": parts[1], "three": parts[2], "five": parts[3], "seven": parts[4]}
        total = 0
        for name, value in named.items():
            if name.startswith("t"):
                total += value
            elif name.endswith("e"):
                total -= value
            else:
                total ^= value
        try:
            extra = sum(v for v in parts if v % 2) + max(parts) - min(parts)
        except ValueError as error:
            raise RuntimeError(f"no values in {parts!r}") from error
        text = "-".join(str(v) for v in sorted(parts, reverse=True))
        return total + extra + len(text) + len(captured)
    return work

large = closure(b"x" * (1 << 20))
small = closure(b"x")

def constant(x):
    return x
"""

Function = Callable[..., Any]


@contextmanager
def cell() -> Iterator[dict[str, Any]]:
    """The names of a notebook in which that cell has run."""
    with closing(NotebookModule("bench")) as notebook:
        exec(notebook.compile_cell(CELL, "cell 1"), notebook.namespace)
        yield notebook.namespace
