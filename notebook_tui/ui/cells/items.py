"""What stands in the list, top to bottom, as frozen values: the title, the setup cells, sections and their cells.

The cell list compares an item with the one of the same id before: what is equal is not painted again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Final, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell, Section
from notebook_tui.document.state import State
from notebook_tui.ui.cells.stamp import Stamp, stamp_of
from notebook_tui.ui.cells.whys import Whys
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.widgets.views import Display, Frame, Gallery, Grid, Tabs

TITLE_ID = "title"
HINT_ID = "hint"
_NONE: Final[Mapping[str, int]] = {}


@frozen
class TitleItem:
    title: str
    id: str = TITLE_ID


@frozen
class SectionItem:
    id: str
    name: str
    cells: int
    done: int
    parent: str = ""
    """The name of the section that this one branches from."""


@frozen
class CellItem:
    cell: Cell
    stamp: Stamp
    role: str = ""
    """A word for cells with a place of their own: `setup`."""
    label: str = ""
    """Its number among the cells that can run, by which messages name it."""
    people: tuple[tuple[int, str], ...] = ()
    """Others who are there, each by number and label."""

    @property
    def id(self) -> str:
        return self.cell.id


@frozen
class HintItem:
    """Stands in a notebook without cells, but for that of the set-up, and says what to press; never focused."""

    empty: bool = True
    """Whether the set-up has no text either."""
    id: str = HINT_ID


Item: TypeAlias = TitleItem | SectionItem | CellItem | HintItem
_NOBODY: Final[Mapping[str, CellItem]] = {}


def may_hold_pictures(item: Item) -> bool:
    """Whether a picture may stand in it, in its prose or in its outputs."""
    if not isinstance(item, CellItem):
        return False
    if item.cell.kind == "markdown":
        return "![" in item.cell.source
    return any(isinstance(output, Display | Frame | Tabs | Grid | Gallery) for output in item.cell.outputs)


def items_of(
    state: State,
    whys: Whys | None = None,
    interrupts: Mapping[str, int] = _NONE,
    known: Mapping[str, CellItem] = _NOBODY,
) -> tuple[Item, ...]:
    """The list of a notebook in this state; `interrupts` counts those of cells that run. An item that is `known` is
    taken for its cell unless that is another one by now: whoever gives it sees to it that the rest still holds."""
    notebook = state.notebook
    queued = frozenset(state.queue)
    numbers = count(1)

    def item_of(cell: Cell, role: str = "") -> CellItem:
        label = str(next(numbers)) if cell.runnable and not role else ""
        if (item := known.get(cell.id)) is not None and item.cell is cell and item.label == label and item.role == role:
            return item
        return CellItem(cell, stamp_of(state, cell, queued, whys, interrupts), role, label)

    items: list[Item] = [TitleItem(printable(notebook.title))]
    setup = [notebook.setup] if notebook.pyproject is None else [notebook.setup, notebook.pyproject]
    items += [item_of(cell, "setup") for cell in setup]
    names = {section.id: section.name for section in notebook.sections}
    for section in notebook.sections:
        cells = [item_of(cell) for cell in section.cells]
        items.append(_heading(section, cells, names))
        items += cells
    if not any(section.cells for section in notebook.sections):
        items.append(HintItem(empty=not any(cell.source.strip() for cell in setup)))
    return tuple(items)


def _heading(section: Section, cells: Sequence[CellItem], names: dict[str, str]) -> SectionItem:
    code = [item for item in cells if item.cell.runnable]
    done = sum(item.stamp.kind == "ok" and not item.stamp.edited for item in code)
    name, parent = printable(section.name), printable(names.get(section.parent or "", ""))
    return SectionItem(section.id, name, len(code), done, parent)


def focusable(items: Sequence[Item]) -> Iterator[str]:
    """The ids that the focus can rest on, in order."""
    return (item.id for item in items if not isinstance(item, HintItem))
