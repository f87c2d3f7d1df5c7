"""A cell whose code runs on another node: what is sent there, and what runs it there.

It has the names that it mentions of the cells above, by value, and no others. A plain one runs in a thread, so that the
node goes on with its own work, and one that awaits on the node's loop. What it prints comes back to the cell, and so do
the forms in which its value is shown. What it binds is gone with the run.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
from collections.abc import Mapping

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.runtime.cell_code import split
from notebook_tui.runtime.forms import Rendered, rendered

NAME = "__notebook__"
"""What code of such a cell has for a module."""


@frozen
class FarCell:
    name: str
    """What tracebacks call it."""
    source: str
    names: Mapping[str, object]
    future: int = 0
    """The compiler flags that cells above imported from `__future__`."""


async def run_far_cell(cell: FarCell) -> Rendered | None:
    """How its value is shown; None if there is nothing to show. Raises what the cell raises.

    >>> import asyncio
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         return await run_far_cell(FarCell("cell 1", "y = x + 1; y", {"x": 20}))
    >>> asyncio.run(main()).text
    '21'
    """
    linecache.cache[cell.name] = (len(cell.source), None, cell.source.splitlines(keepends=True), cell.name)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | cell.future
    code = split(compile(cell.source, cell.name, "exec", flags, dont_inherit=True), cell.source)
    namespace: dict[str, object] = {"__name__": NAME, "__builtins__": builtins, **cell.names}
    value: object = None
    for piece in filter(None, (code.statements, code.expression)):
        if piece.co_flags & inspect.CO_COROUTINE:
            value = await eval(piece, namespace)
        else:
            value = await bl.blocking(eval, piece, namespace)
    return await bl.blocking(rendered, value) if code.shown and value is not None else None
