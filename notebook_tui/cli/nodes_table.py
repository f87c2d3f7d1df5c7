"""Child nodes as a table for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Sequence

from nodes.found import Found

_TITLES = ("NODE", "POOL", "RUNNER", "STATE", "AGE", "MEMORY", "PARENT")
_NARROWEST = 8
"""To which a column is cut where there is no room."""
_WORDS = (0, 1, 2, 6)
"""Columns that may be cut."""


def table(found: Sequence[Found], *, now: float, width: int) -> str:
    """A row for each, no line longer than `width`, and a line that sums them up; `now` is of the wall clock.

    >>> one = Found("local", "app-1@host", "cpu", "r1", "alive", 0.0, None, "app@host (process 7)", "", 52_428_800, "")
    >>> print(table([one], now=90.0, width=80))
    NODE        POOL  RUNNER  STATE  AGE   MEMORY  PARENT
    app-1@host  cpu   r1      alive  1:30  50 MiB  app@host (process 7)
    1 child node, 50 MiB
    >>> print(table([], now=0.0, width=80))
    no child nodes
    """
    if not found:
        return "no child nodes"
    rows = [_TITLES, *(_row(one, now) for one in found)]
    widths = _fitted([max(len(row[column]) for row in rows) for column in range(len(_TITLES))], width)
    lines = ["  ".join(_cut(cell, size).ljust(size) for cell, size in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([*(line.rstrip()[:width] for line in lines), _sum(found)])


def _row(one: Found, now: float) -> tuple[str, ...]:
    age = _duration(now - one.booted_at)
    return one.node, one.pool or "-", one.runner or "-", one.state, age, _size(one.memory), one.parent


def _fitted(widths: list[int], width: int) -> list[int]:
    """Takes from the widest column that may be cut, until the line fits or none can be cut any more."""
    room = width - 2 * (len(widths) - 1)
    while sum(widths) > room:
        widest = max(_WORDS, key=lambda column: widths[column])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _cut(cell: str, size: int) -> str:
    return cell if len(cell) <= size else f"{cell[: size - 1]}…"


def _duration(seconds: float) -> str:
    """
    >>> _duration(5), _duration(3725), _duration(200_000)
    ('0:05', '1:02:05', '2d 07:33')
    """
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days}d {hours:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _size(memory: int | None) -> str:
    """
    >>> _size(None), _size(900_000), _size(5 << 30)
    ('-', '1 MiB', '5.0 GiB')
    """
    if memory is None:
        return "-"
    return f"{memory / (1 << 30):.1f} GiB" if memory >= 1 << 30 else f"{round(memory / (1 << 20))} MiB"


def _sum(found: Sequence[Found]) -> str:
    memory = _size(sum(one.memory or 0 for one in found))
    alone = sum(one.state == "no parent" for one in found)
    count = "1 child node" if len(found) == 1 else f"{len(found)} child nodes"
    remark = f"; {alone} without a living parent: `beamlike flame reap` ends them" if alone else ""
    return f"{count}, {memory}{remark}"
