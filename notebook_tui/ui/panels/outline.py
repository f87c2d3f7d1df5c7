"""The sections of the notebook, and under each its cells with what they define: choose one and the focus goes there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, Final, TypeAlias

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType

from beamlike.kernel.record import frozen
from notebook_tui.document.names import names
from notebook_tui.document.notebook import Cell, Section
from notebook_tui.document.state import State
from notebook_tui.ui.cells.stamp import GLYPHS, Stamp, StampKind, stamp_of
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.drawing.others import ink_of
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import Line, said

_ROLL_UP: Final[tuple[StampKind, ...]] = ("running", "queued", "failed", "stale", "interrupted", "aborted", "ok")
_MOST_NAMES: Final = 12
"""Functions and classes of one cell that are named."""


Marks: TypeAlias = Mapping[str, tuple[tuple[int, str], ...]]
"""Numbers and marks of people, by the ids of cells."""
_NOBODY: Final[Marks] = {}


@frozen
class Entry:
    """One cell."""

    cell: Cell
    kind: StampKind


class Outline(ListPanel):
    NAME = "outline"
    TITLE = "Sections"
    WIDTH = 40
    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "fold", "fold a section"), Binding("C", "fold_all", "all")]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._folded: frozenset[str] = frozenset()

    def worth(self, state: State) -> object:
        return _seen(state), self._marks()

    def _marks(self) -> Marks:
        """Of the others, by where they are."""
        client = self.desk.client
        marks: dict[str, tuple[tuple[int, str], ...]] = {}
        for each in client.people:
            if each.number != client.you:
                marks[each.where.cell_id] = (*marks.get(each.where.cell_id, ()), (each.number, each.mark))
        return marks

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        if not self.state.notebook.sections:
            return said("There is no section yet. S makes one.", width, palette)
        return tuple(outline_lines(self.state, self._folded, width, palette, self._marks()))

    def focus_moved(self, item_id: str) -> None:
        section = self.state.notebook.section_of(item_id)
        is_hidden = section is not None and section.id in self._folded
        self.list.mark(section.id if section is not None and is_hidden else item_id)

    def chosen(self, id: str) -> None:
        self.go_to(id.partition("#")[0])

    def action_fold(self) -> None:
        id = self.list.marked.partition("#")[0]
        section = self.state.notebook.section_of(id)
        folded = section.id if section is not None else id
        self._folded ^= {folded}
        self.redraw()
        self.list.mark(folded)

    def action_fold_all(self) -> None:
        all_ = frozenset(section.id for section in self.state.notebook.sections)
        self._folded = frozenset() if self._folded >= all_ else all_
        self.redraw()


def _seen(state: State) -> object:
    """What of a state the outline shows."""
    sections = [
        (each.id, each.name, each.parent, [(cell.id, cell.source, cell.kind) for cell in each.cells])
        for each in state.notebook.sections
    ]
    return sections, state.evaluations, state.queue, state.running


def outline_lines(
    state: State, folded: frozenset[str], width: int, palette: Palette, marks: Marks = _NOBODY
) -> Iterator[Line]:
    """A line for each section, with how many of its cells stand how, and beneath it one for each cell, and for each
    function and class that the cell defines; with the marks of those who are there."""
    queued = frozenset(state.queue)
    names_of = {section.id: section.name for section in state.notebook.sections}
    for section in state.notebook.sections:
        entries = [Entry(cell, _kind(stamp_of(state, cell, queued))) for cell in section.cells]
        is_folded = section.id in folded
        parent = names_of.get(section.parent or "", "")
        yield Line(_section_text(section, entries, parent, is_folded, width, palette), section.id)
        for entry in () if is_folded else entries:
            text = _cell_text(entry, palette)
            for number, mark in marks.get(entry.cell.id, ()):
                text.append(f" {mark}", ink_of(number, palette))
            yield Line(text, entry.cell.id)
            if entry.cell.runnable:
                for number, defined in enumerate(defined_in(entry.cell.source)):
                    yield Line(Text(f"      {defined}", palette.function), f"{entry.cell.id}#{number}")


@lru_cache(maxsize=4096)
def defined_in(source: str) -> tuple[str, ...]:
    """The functions and classes that a cell defines, as they are called or named.

    >>> defined_in("def area(r): ...\\nclass Box: ...")
    ('area()', 'Box')
    """
    made = sorted(names(source).made, key=lambda name: _place(source, name))
    return tuple(name if _is_class(source, name) else f"{name}()" for name in made[:_MOST_NAMES])


def _place(source: str, name: str) -> int:
    return max(source.find(f"def {name}"), source.find(f"class {name}"))


def _is_class(source: str, name: str) -> bool:
    return f"class {name}" in source and f"def {name}" not in source


def _kind(stamp: Stamp) -> StampKind:
    """Of a cell that was edited after it ran: that it is to run again."""
    return "stale" if stamp.edited and stamp.kind in ("ok", "failed") else stamp.kind


def _section_text(
    section: Section, entries: Sequence[Entry], parent: str, folded: bool, width: int, palette: Palette
) -> Text:
    mark = "▸" if folded else "▾"
    tally = _tally(entries, palette)
    name = Text(f"{mark} {'↳ ' if parent else ''}{printable_row(section.name)}", palette.heading)
    if parent:
        name.append(f" from {printable_row(parent)}", palette.muted)
    name.truncate(max(4, width - tally.cell_len - 1), overflow="ellipsis")
    name.append(" " * max(1, width - name.cell_len - tally.cell_len))
    return name.append_text(tally)


def _tally(entries: Sequence[Entry], palette: Palette) -> Text:
    """How many cells stand how, by their glyphs; those that have not run are what is missing."""
    count = Counter(entry.kind for entry in entries if entry.cell.runnable)
    parts = [Text(f"{GLYPHS[kind]}{count[kind]}", _ink(kind, palette)) for kind in _ROLL_UP if count[kind]]
    return Text(" ").join(parts)


def _ink(kind: StampKind, palette: Palette) -> Style:
    match kind:
        case "running":
            return palette.running
        case "failed":
            return palette.error
        case "stale":
            return palette.warning
        case "ok":
            return palette.ok
        case _:
            return palette.muted


def _cell_text(entry: Entry, palette: Palette) -> Text:
    first = next((line.strip() for line in entry.cell.source.splitlines() if line.strip()), "")
    if not entry.cell.runnable:
        return Text(f"    ¶ {printable_row(first.lstrip('# '))}", palette.muted)
    words = (printable_row(first), "") if first else ("empty", palette.muted)
    return Text.assemble((f"    {GLYPHS[entry.kind]} ", _ink(entry.kind, palette)), words)
