"""`flame.watch`: a pool's table that keeps itself up to date, in a terminal or below a cell, until it is stopped.

A terminal draws it over itself. A cell, and a file, cannot move up: there the table is printed again when more than
times and counts have changed, and in between the cell's last line, which tells of the pool in short, is written over.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from typing import Any, Protocol, TextIO

from flame import table
from flame.errors import PoolStopped
from flame.stats import Stats

EVERY = 1.0


class HasStats(Protocol):
    async def stats(self) -> Stats: ...


class Watch:
    """What `flame.watch(pool)` gives. Awaited, it prints until the pool has stopped or the waiting is cancelled; as an
    async iterator it gives the pool's Stats, and prints nothing."""

    def __init__(self, pool: HasStats, every: float, out: TextIO | None, width: int | None) -> None:
        self._pool = pool
        self._every = every
        self._out = out
        self._width = width

    def __await__(self) -> Generator[Any, None, None]:
        return self._print().__await__()

    async def __aiter__(self) -> AsyncGenerator[Stats, None]:
        with suppress(PoolStopped):
            while True:
                yield await self._pool.stats()
                await asyncio.sleep(self._every)

    async def _print(self) -> None:
        out = self._out or sys.stdout
        draw = _draw_over if out.isatty() else _draw_below
        drawing = draw(out, self._width)
        next(drawing)
        try:
            async for stats in self:
                drawing.send(stats)
        finally:
            drawing.close()


def watch(pool: HasStats, *, every: float = EVERY, out: TextIO | None = None, width: int | None = None) -> Watch:
    """Shows the pool's table and keeps it up to date every so many seconds: `await flame.watch(pool)`.

    It goes on until the pool has stopped, or until it is cancelled: by Ctrl+C, or by interrupting the cell. `out` is
    where it is written (sys.stdout), `width` how wide it may be (the terminal's, or 80). In a terminal it is drawn over
    what else is printed meanwhile. `async for stats in
    flame.watch(pool)` gives the numbers instead. ValueError if `every` is not above 0.

    >>> import asyncio, beamlike as bl, flame
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         pool = await flame.Pool.start(name="cpu")
    ...         async for stats in flame.watch(pool):
    ...             await pool.stop()
    ...             return stats.pool, stats.waiting
    >>> asyncio.run(main())
    ('cpu', 0)
    """
    if not isinstance(every, int | float) or not every > 0:
        raise ValueError(f"expected a number of seconds above 0 between two looks, got every={every!r}")
    return Watch(pool, every, out, width)


Drawing = Generator[None, Stats, None]


def _draw_over(out: TextIO, width: int | None) -> Drawing:
    """In a terminal: over what was drawn before. No line fills its row, and none is above the first."""
    drawn = 0
    while True:
        stats = yield
        columns, rows = shutil.get_terminal_size((table.WIDTH, 24))
        lines = table.text(stats, (width or columns) - 1).split("\n")[: rows - 1]
        up = f"\x1b[{drawn}A" if drawn else ""
        out.write(f"{up}\r\x1b[J" + "\n".join(lines) + "\n")
        out.flush()
        drawn = len(lines)


def _draw_below(out: TextIO, asked: int | None) -> Drawing:
    """In a cell: anew where it has changed, else the last line."""
    width = asked or table.WIDTH
    shown: object = None
    line = ""
    try:
        while True:
            stats = yield
            if (shape := _shape(stats)) != shown:
                out.write(f"{_rubbed_out(line)}{table.text(stats, width)}\n")
                shown, line = shape, ""
            if (headline := table.headline(stats)[:width]) != line:
                out.write(f"\r{headline.ljust(len(line))}")
                line = headline
            out.flush()
    finally:
        out.write(_rubbed_out(line))
        out.flush()


def _rubbed_out(line: str) -> str:
    return f"\r{' ' * len(line)}\n" if line else ""


def _shape(stats: Stats) -> object:
    """What is worth another table: which runners there are, in which phases, and what the pool wants."""
    up = ("ready", "busy")
    runners = tuple((runner.id, "up" if runner.phase in up else runner.phase) for runner in stats.runners)
    return runners, stats.wanted, stats.capped, stats.withheld, stats.failures, stats.stage
