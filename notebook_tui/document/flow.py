"""The index of a notebook's names: which cells define each, and which look it up.

It covers the cells down to the last one that ran, for no other can be stale: a notebook that was just opened costs
nothing, however long it is. An index belongs to one state; `upkeep` makes that of the next from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.inputs import Input
from notebook_tui.document.lookup import Lookup
from notebook_tui.document.names import Names
from notebook_tui.document.notebook import Notebook, Section

Token: TypeAlias = str | tuple[str, str | None]
"""A cell's id; or a section's, with that of its parent."""

_NOBODY: frozenset[str] = frozenset()


@frozen
class Flow:
    """The index, and of what it is one."""

    notebook: Notebook = field(default_factory=Notebook)
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    order: tuple[Token, ...] = ()
    """Headings and cells of the document, down to the last cell that ran."""
    names: Mapping[str, Names] = field(default_factory=dict)
    """Of these cells, as far as they have any."""
    definers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    anything: frozenset[str] = _NOBODY
    """The cells that may define any name."""
    readers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each name the cells with a run that look it up."""
    looked_up: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same the other way round."""
    curious: frozenset[str] = _NOBODY
    """The cells with a run that may read any name."""
    outdated: frozenset[str] = _NOBODY
    """The cells that those below need run first."""

    @property
    def lookup(self) -> Lookup:
        return Lookup(self.notebook, self.evaluations, self.names, self.definers, self.anything)


def order_of(notebook: Notebook, evaluations: Mapping[str, Evaluation]) -> tuple[Token, ...]:
    """Headings and cells, down to the last one that ran."""
    places = notebook.places
    last = max((places[cell_id] for cell_id in evaluations if cell_id in places), default=None)
    if last is None:
        return ()
    tokens: list[Token] = [notebook.setup.id]
    if notebook.pyproject is not None:
        tokens.append(notebook.pyproject.id)
    for section in notebook.sections[: last[0] + 1]:
        tokens.append((section.id, section.parent))
        tokens += [cell.id for cell in section.cells]
    if last[0] >= 0:
        below = len(notebook.sections[last[0]].cells) - last[1] - 1
        return tuple(tokens[: len(tokens) - below])
    return tuple(tokens)


def out_of_place(old: Flow, order: tuple[Token, ...], notebook: Notebook) -> set[str]:
    """The cells that came, went, or stand elsewhere than in the old order, and those that now see others.

    >>> from notebook_tui.document.notebook import Cell
    >>> sorted(_between(("a", "b", "c", "d"), ("a", "c", "d", "b")))
    ['b']
    >>> sorted(_between(("a", "b", "c"), ("a", "n", "b", "c")))
    ['n']
    """
    moved = _between(old.order, order)
    found = {token for token in moved if isinstance(token, str)}
    headings = {token[0] for token in moved if not isinstance(token, str)}
    if headings:
        for section in (*old.notebook.sections, *notebook.sections):
            if section.id in headings or section.parent in headings:
                found |= _cells(section)
    return found


def _cells(section: Section) -> set[str]:
    return {cell.id for cell in section.cells}


def _between(old: tuple[Token, ...], new: tuple[Token, ...]) -> set[Token]:
    """What stands between the part that both begin with and the part that both end with."""
    start, end = 0, min(len(old), len(new))
    while start < end and old[start] == new[start]:
        start += 1
    end -= start
    common = 0
    while common < end and old[-1 - common] == new[-1 - common]:
        common += 1
    gone, come = old[start : len(old) - common], new[start : len(new) - common]
    if len(gone) == len(come) > 1:
        # One that was moved past others leaves these where they are to each other.
        if gone[1:] + gone[:1] == come and isinstance(gone[0], str):
            return {gone[0]}
        if gone[-1:] + gone[:-1] == come and isinstance(gone[-1], str):
            return {gone[-1]}
    return {*gone, *come}
