"""What undoes an edit: edits again, made before the edit is. One history for the whole notebook and all its clients.

The last edit is undone first, whoever made it, so nothing stands between a text and the change that is taken back. What
was typed in one go is one step, a word long. Runs are never undone: a cell that comes back has not run yet, but shows
what it showed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell, Notebook, Section

STEPS = 500
"""The most that can be undone."""
PAUSE = 2.0
"""Seconds without typing that end a step."""


@frozen
class PutTitle:
    title: str


@frozen
class PutMetadata:
    """Of the notebook."""

    metadata: Mapping[str, Any]


@frozen
class PutOutline:
    """All but the texts and outputs of cells that there are; cells that it has not are gone."""

    outline: Notebook


@frozen
class PutSection:
    """This section, with its cells, at `index`."""

    index: int
    section: Section


@frozen
class RemoveSection:
    """And its cells, or hand them to the section before."""

    section_id: str
    with_cells: bool


@frozen
class SplitSection:
    """The cells of a section from `index` on belong to `section` from now on, which follows it."""

    section_id: str
    index: int
    section: Section


@frozen
class PutHeading:
    """The section's name, parent and metadata; its cells are what they are."""

    section: Section


@frozen
class ShiftSection:
    section_id: str
    offset: int


@frozen
class PutCell:
    """A new cell, with what it shows."""

    section_id: str
    index: int
    cell: Cell


@frozen
class RemoveCell:
    cell_id: str


@frozen
class ShiftCell:
    cell_id: str
    offset: int


@frozen
class ChangeCell:
    """The cell's text, kind, language and metadata; what it shows stays."""

    cell: Cell


Change: TypeAlias = (
    PutTitle
    | PutMetadata
    | PutOutline
    | PutSection
    | RemoveSection
    | SplitSection
    | PutHeading
    | ShiftSection
    | PutCell
    | RemoveCell
    | ShiftCell
    | ChangeCell
)


@frozen
class Typing:
    """The end of what was typed last."""

    cell_id: str
    at: float
    last: str
    """The last character put in; empty after one was taken out."""


@frozen
class Step:
    """One thing to undo."""

    words: str
    """What was done, for a message: "moved a cell"."""
    changes: tuple[Change, ...]
    """What takes it back, in order."""
    typing: Typing | None = None
    bins: bool = False
    """Whether cells that it takes away go to the bin, should it be undone or done again."""


def remembered(past: tuple[Step, ...], step: Step, typed: str = "") -> tuple[Step, ...]:
    """The history with one more step; typing that goes on with the last step becomes part of it.

    `typed` is the text that the step put in.
    """
    if past and _goes_on(past[-1].typing, step.typing, typed):
        last = past[-1]
        return (*past[:-1], Step(last.words, last.changes, step.typing))
    return (*past[-STEPS + 1 :], step)


def _goes_on(last: Typing | None, typing: Typing | None, typed: str) -> bool:
    if last is None or typing is None or last.cell_id != typing.cell_id or typing.at - last.at > PAUSE:
        return False
    begins_word = last.last.isspace() and not typed[:1].isspace()
    return not begins_word and bool(last.last) == bool(typing.last)
