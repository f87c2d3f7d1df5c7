"""Ids follow from the place, so that a text always reads to the same notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from notebook_tui.document.notebook import Cell, Section


def numbered(sections: Iterable[tuple[Section, Iterable[Cell]]]) -> tuple[Section, ...]:
    """The sections with their cells, all with ids.

    >>> [section] = numbered([(Section("", "Purr"), [Cell("", "code"), Cell("", "code")])])
    >>> section.id, [cell.id for cell in section.cells]
    ('section-1', ['cell-1', 'cell-2'])
    """
    number = count(1)
    return tuple(
        replace(section, id=f"section-{place}", cells=tuple(replace(cell, id=f"cell-{next(number)}") for cell in cells))
        for place, (section, cells) in enumerate(sections, 1)
    )
