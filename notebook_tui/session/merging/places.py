"""A notebook as one line of headings and cells, in which a change of its order is the same thing everywhere. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from notebook_tui.document.notebook import Cell, Notebook, Section

Place: TypeAlias = Section | Cell


def places(notebook: Notebook) -> Iterator[Place]:
    for section in notebook.sections:
        yield section
        yield from section.cells


def sections_of(line: Iterable[Place]) -> tuple[Section, ...]:
    """The sections that the line is of; it begins with one."""
    found: list[tuple[Section, list[Cell]]] = []
    for place in line:
        if isinstance(place, Section):
            found.append((place, []))
        else:
            found[-1][1].append(place)
    return tuple(replace(section, cells=tuple(cells)) for section, cells in found)


def in_order(numbers: Sequence[int]) -> set[int]:
    """As many of the numbers as can be chosen so that they ascend as they stand; the rest has moved.

    >>> sorted(in_order([3, 0, 1, 2]))
    [0, 1, 2]
    """
    ends: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(number)
            at.append(index)
        else:
            ends[length], at[length] = number, index
    chosen: set[int] = set()
    index = at[-1] if at else -1
    while index >= 0:
        chosen.add(numbers[index])
        index = before[index]
    return chosen
